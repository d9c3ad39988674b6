import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startStage } from '../harness/stage.ts'
import { people, plantedPassword, twoClusters } from '../simulator/worlds.ts'

/** Every form the password could hide in that a plain search would miss. */
const FORMS: readonly (readonly [string, string])[] = [
  ['as it is', plantedPassword],
  ['base64', Buffer.from(plantedPassword).toString('base64').replace(/=+$/, '').slice(0, -1)],
  ['hex', Buffer.from(plantedPassword).toString('hex')],
  ['URL-encoded', encodeURIComponent(plantedPassword)],
  ['JSON', JSON.stringify(plantedPassword).slice(1, -1)],
]

it('leaves the planted password nowhere, even when CMU echoes what it was sent', { timeout: 120_000 }, async () => {
  const stage = await startStage({
    world: twoClusters({ dialect: { echo: true, quotesFailedLogin: true } }),
    env: { LOG_LEVEL: 'trace' },
  })
  try {
    const { simulator, bot } = stage
    const card = await stage.ask()
    await stage.approve(card, people.approver, people.groupApprover)
    const end = await stage.finished(card)
    expect(end.text).toContain('Succeeded')

    const places: Record<string, string> = {
      'argument vectors and environments': JSON.stringify(simulator.recordings()),
      'SSM requests and answers': JSON.stringify(simulator.aws.calls),
      'SSM commands': JSON.stringify(simulator.aws.commands().map(({ finished: _, ...rest }) => rest)),
      'Slack calls': JSON.stringify(simulator.slack.calls),
      'Slack messages': JSON.stringify([simulator.slack.messages('C0123456789'), simulator.slack.ephemerals()]),
      'the bot log': bot.log(),
      ...(await filesBelow(stage.directory)),
      ...(await filesBelow(join(simulator.directory, 'bastions'))),
    }
    // The search itself must be able to find it: the HSMs' own state file holds every password.
    expect(await readFile(simulator.world.path, 'utf8')).toContain(plantedPassword)
    expect(Object.keys(places).length).toBeGreaterThan(15)
    const found = Object.entries(places).flatMap(([place, text]) =>
      FORMS.flatMap(([form, secret]) => (text.includes(secret) ? [`${place}: ${form}`] : [])),
    )
    expect(found).toEqual([])
    // Every session with a login was recorded, so "nowhere" is no empty claim.
    expect(simulator.recordings().filter((recording) => recording.tool === 'aws').length).toBeGreaterThanOrEqual(5)
    expect(end.thread.some((reply) => reply.files.some((file) => file.content.includes('[redacted]')))).toBe(true)
  } finally {
    await stage.stop()
  }
})

/** Every file below a folder (the database with its pages and journal, what the bastion keeps), as bytes in latin1; the bastions' secrets are no files. */
async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    found[path.slice(folder.length)] = await readFile(path, 'latin1')
  }
  return found
}
