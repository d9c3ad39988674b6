import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { startWorkspace, type WorkspaceOptions, type WorkspacePlace } from './place.ts'

/** Debian's; another one by its path. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const WIDE = { width: 1700, height: 1050 }
/** A shared machine can be many times slower than usual. */
const ANSWER_MS = 150_000

/** Somebody in front of the page, who is one person after the other. */
export interface Player {
  readonly page: Page
  readonly place: WorkspacePlace
  is(name: string): Promise<void>
  types(text: string): Promise<void>
  /** Presses a button of the newest message that has it, and says yes where Slack asks. */
  presses(button: string, yes?: string): Promise<void>
  /** Each of them approves the newest card, of a route that wants two. */
  approve(...names: readonly [string, string]): Promise<void>
  /** Pulls a lever beside Slack. */
  pulls(lever: string): Promise<void>
  /** Opens the newest thread. */
  opensThread(): Promise<Locator>
  /** Waits until these words stand in the channel or its thread. */
  sees(words: string | RegExp): Promise<void>
  /** What axe calls serious or critical here, now. */
  flaws(): Promise<readonly string[]>
  leaves(): Promise<void>
}

/** The workspace in a real browser. */
export async function play(options: WorkspaceOptions = {}): Promise<Player> {
  const place = await startWorkspace(options)
  const browser: Browser = await chromium
    .launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    .catch(async (error: unknown) => {
      await place.stop()
      throw error
    })
  const page = await browser.newPage({ viewport: WIDE })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.setDefaultTimeout(ANSWER_MS)
  await page.goto(place.url)
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const main = page.getByRole('main')
  const player: Player = {
    page,
    place,
    is: async (name) => {
      const option = await page.getByLabel('You are').locator('option', { hasText: name }).first().getAttribute('value')
      await page.getByLabel('You are').selectOption(option)
      await page.locator(`select#person option:checked`, { hasText: name }).waitFor({ state: 'attached' })
    },
    types: async (text) => {
      const box = page.getByRole('combobox', { name: /^Message to/ })
      await box.fill(text)
      await box.press('Enter')
    },
    presses: async (button, yes) => {
      await main.getByRole('button', { name: button, exact: true }).last().click()
      if (yes !== undefined) await page.getByRole('dialog').getByRole('button', { name: yes, exact: true }).click()
    },
    approve: async (...names) => {
      for (const [at, name] of names.entries()) {
        await player.is(name)
        await player.presses('Approve', 'Approve')
        await player.sees(`counts: ${at + 1} of 2`)
      }
    },
    pulls: async (lever) => {
      await page.getByRole('complementary').getByRole('button', { name: lever }).click()
    },
    opensThread: async () => {
      await main
        .getByRole('button', { name: /repl(y|ies)$/ })
        .last()
        .click()
      return page.getByRole('region', { name: 'Thread' })
    },
    sees: async (words) => {
      await page.getByRole('log').getByText(words).last().waitFor()
    },
    flaws: async () => {
      await page.evaluate(axe)
      const found: { id: string; impact: string; nodes: { html: string }[] }[] = await page.evaluate(
        'axe.run().then(({ violations }) => violations)',
      )
      return found
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 200)}`)
    },
    leaves: async () => {
      await browser.close()
      await place.stop()
      if (errors.length > 0) throw new Error(`the page failed: ${errors.join('; ')}`)
    },
  }
  return player
}
