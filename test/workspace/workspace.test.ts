import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Player, play } from './player.ts'

// The workspace in a real browser: what people click and type, and what they see of it.

let player: Player

describe('a sync', () => {
  beforeAll(async () => {
    player = await play()
  })
  afterAll(() => player.leaves())

  it('is asked for by one, refused to the one who asked, to outsiders and guests, and approved by two', async () => {
    await player.types('/hsm-sync prod-us prod-eu new starters of October')
    await player.sees('Waiting for approval: sync prod-us → prod-eu')
    await player.presses('Approve', 'Approve')
    await player.sees('You asked for this yourself')
    await player.is('otto')
    await player.presses('Approve', 'Approve')
    await player.sees("You are not on this route's list of approvers")
    await player.is('gina')
    await player.presses('Approve', 'Approve')
    await player.sees(/guests may not/i)
    expect(await player.flaws()).toEqual([])

    await player.approve('anna', 'carla')
    const thread = await player.opensThread()
    await thread.getByText('Run of prod-us → prod-eu is over, 7 of 7 done').waitFor()
    await thread.getByText('Users and keys after the run').first().waitFor()
    expect(await player.flaws()).toEqual([])
    const lacking = player.page.getByRole('complementary').locator('tr.lacking')
    expect(await lacking.count()).toBe(0)
    await player.page.getByText('merged-').first().click()
    await thread.getByText('"clusters"').waitFor()
    expect(player.place.stage.simulator.violations()).toEqual([])
  })

  it('is home to come back to: the link there leads to the card', async () => {
    await player.is('rita')
    await player.page.getByRole('button', { name: 'hsm-sync: Home' }).click()
    const home = player.page.getByRole('region', { name: 'Home' })
    await home.getByText('Last outcomes').waitFor()
    expect(await player.flaws()).toEqual([])
    await home.getByRole('link').first().click()
    await player.page.getByRole('region', { name: 'Thread' }).getByText('What an approval binds').waitFor()
  })

  it('is rejected with a reason', async () => {
    await player.page.getByRole('button', { name: 'Close' }).first().click()
    await player.types('/hsm-sync prod-us prod-eu mode=plan compare, please')
    await player.sees('Waiting for approval: plan')
    await player.is('anna')
    await player.presses('Reject…')
    const window = player.page.getByRole('dialog')
    await window.getByRole('textbox').fill('not before the change window')
    expect(await player.flaws()).toEqual([])
    await window.getByRole('button', { name: 'Reject' }).click()
    await player.sees(/Rejected: plan/)
    const thread = await player.opensThread()
    await thread.getByText('not before the change window').first().waitFor()
  })

  it('is asked for in a form that says which field is wrong, and keeps what was typed', async () => {
    await player.is('rita')
    await player.page.getByRole('button', { name: 'Request a sync' }).click()
    const window = player.page.getByRole('dialog')
    await window.getByText('HSMs of').waitFor()
    await window.getByText('10.8.1.4').waitFor()
    await window.getByLabel('Keys').fill('seven')
    await window.getByLabel(/^Why/).fill('starters of November')
    await window.getByRole('button', { name: 'Ask for approval' }).click()
    await window.getByRole('alert').waitFor()
    expect(await window.getByLabel('Keys').getAttribute('aria-invalid')).toBe('true')
    expect(await window.getByLabel(/^Why/).inputValue()).toBe('starters of November')
    expect(await player.flaws()).toEqual([])
    await window.getByLabel('Keys').fill('none')
    await window.getByRole('button', { name: 'Ask for approval' }).click()
    await window.waitFor({ state: 'detached' })
    await player.page.getByRole('button', { name: '# hsm-sync' }).click()
    await player.sees('Waiting for approval: sync')
    await player.presses('Withdraw', 'Withdraw')
    await player.sees('Withdrawn')
  })
})

describe('a run', () => {
  beforeAll(async () => {
    player = await play()
  })
  afterAll(() => player.leaves())

  const copyingTakes = (ms: number) =>
    player.place.stage.simulator.world.update(({ latencyMs }) => Object.assign(latencyMs, { 'key replicate': ms }))
  const runs = async (reason: string) => {
    // Slow enough to be met in the middle, on any machine.
    copyingTakes(4_000)
    await player.is('rita')
    await player.types(`/hsm-sync prod-us prod-eu ${reason}`)
    await player.sees('Waiting for approval')
    await player.approve('anna', 'ben')
    const thread = await player.opensThread()
    await thread
      .getByText(/Copying .* keys?/)
      .first()
      .waitFor()
    return thread
  }

  it('is killed in the middle, and goes on when the bot is started again', async () => {
    await runs('killed on the way')
    await player.pulls('Kill the bot')
    await player.page.getByText('The bot is down').waitFor()
    copyingTakes(100)
    await player.pulls('Kill the bot')
    await player.page.getByText('The bot is up').waitFor()
    await player.sees(/Run of .* is over/)
    await player.sees('Succeeded: sync')
    expect(player.place.stage.simulator.violations()).toEqual([])
  })

  it('is stopped by who asked, between two batches, and says what is there', async () => {
    for (let n = 0; n < 3; n++) await player.pulls('Make a user and a key on prod-us')
    await runs('stopped on the way')
    await player.is('rita')
    await player.presses('Stop', 'Stop')
    // It is taken down once the button is gone.
    await player.page
      .getByRole('main')
      .getByRole('button', { name: 'Stop', exact: true })
      .waitFor({ state: 'detached' })
    copyingTakes(100)
    await player.sees(/Run of .* is over/)
    await player.sees('stopped at the request of who asked for it')
  })

  it('does not begin where the bastion has no room, and says why', async () => {
    await player.pulls('Fill the bastion’s disk')
    await player.is('rita')
    await player.types('/hsm-sync prod-us prod-eu no room')
    await player.sees('Waiting for approval')
    for (const name of ['anna', 'ben']) {
      await player.is(name)
      await player.presses('Approve', 'Approve')
    }
    await player.sees(/Failed: sync/)
    await player.sees('Nothing was changed')
    await player.pulls('Fill the bastion’s disk')
  })

  it('is refused while the destination is migrated', async () => {
    await player.pulls('Migrate prod-eu')
    await player.is('rita')
    await player.types('/hsm-sync prod-us prod-eu in the middle of a migration')
    await player.sees(/MODIFY_IN_PROGRESS/)
  })
})

describe('a watched route', () => {
  beforeAll(async () => {
    player = await play({ isWatched: true })
  })
  afterAll(() => player.leaves())

  it('is behind, and leads to a request for exactly that, with the keyboard alone', async () => {
    await player.pulls('Let the watch look now')
    await player.sees(/5 keys and 2 users behind/)
    const { page } = player
    const press = async (name: string | RegExp, yes?: string) => {
      await reach(page.getByRole('main').getByRole('button', { name }).last())
      await page.keyboard.press('Enter')
      if (yes === undefined) return
      await reach(page.getByRole('dialog').getByRole('button', { name: yes, exact: true }))
      await page.keyboard.press('Enter')
    }
    /** By Tab, as somebody without a mouse. */
    const reach = async (target: ReturnType<typeof page.locator>) => {
      for (let n = 0; n < 120; n++) {
        if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`not reached with the keyboard: ${target}`)
    }
    const become = async (letter: string, name: string) => {
      await reach(page.getByLabel('You are'))
      await page.keyboard.type(letter)
      await page.locator('select#person option:checked', { hasText: name }).waitFor({ state: 'attached' })
    }
    await press(/Request exactly this/, 'Ask')
    await player.sees('Waiting for approval: sync prod-us → prod-eu')
    for (const name of ['anna', 'ben']) {
      await become(name, name)
      await press('Approve', 'Approve')
      await player.sees(`counts: ${name === 'anna' ? 1 : 2} of 2`)
    }
    await player.sees('Succeeded: sync')
    await reach(page.getByRole('combobox', { name: /^Message to/ }))
    await page.keyboard.type('/hsm-st')
    await page.getByRole('option', { name: /hsm-status/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await player.sees(/prod-eu/)
    expect(await player.flaws()).toEqual([])
  })
})
