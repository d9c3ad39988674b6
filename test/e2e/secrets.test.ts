import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type StageOptions, startStage } from '../harness/stage.ts'
import type { ToolFault } from '../simulator/world/world-spec.ts'
import { hsm2mClusters, people, plantedCryptoUserPassword, plantedPassword, twoClusters } from '../simulator/worlds.ts'

/** Every form a password could hide in that a plain search would miss. */
const formsOf = (password: string): readonly (readonly [string, string])[] => [
  ['as it is', password],
  ['base64', Buffer.from(password).toString('base64').replace(/=+$/, '').slice(0, -1)],
  ['hex', Buffer.from(password).toString('hex')],
  ['URL-encoded', encodeURIComponent(password)],
  ['JSON', JSON.stringify(password).slice(1, -1)],
]

/** A tool that repeats what it was told, password included. */
const quoting: ToolFault = {
  command: 'key replicate',
  match: '0x0000000000040013',
  do: 'fail',
  text: `Key replicate failed on 2 of 2 connections (as ${plantedPassword})`,
}
const owners = ['crypto_user1', 'crypto_user2']

interface Place {
  readonly name: string
  readonly options: StageOptions
  /** Environment variables in which the tool takes a password, because it takes it nowhere else. */
  readonly allowed: readonly string[]
}

const PLACES: readonly Place[] = [
  {
    name: 'CMU echoes what it was sent',
    options: { world: twoClusters({ dialect: { echo: true, quotesFailedLogin: true } }) },
    allowed: [],
  },
  // In an interactive session nothing is allowed: test/contract/engines/cli-secrets.test.ts.
  {
    name: 'CloudHSM CLI repeats it, in single command mode',
    options: {
      world: hsm2mClusters({ dialect: { cliInteractive: 'terminal' }, toolFaults: [quoting] }),
      cryptoUsers: owners,
    },
    allowed: ['CLOUDHSM_PIN', 'DESTINATION_CLOUDHSM_PIN'],
  },
]

it.each(PLACES)(
  'leaves the planted passwords nowhere, even when $name',
  { timeout: 300_000 },
  async ({ options, allowed }) => {
    const stage = await startStage({ ...options, bastions: 'real', env: { LOG_LEVEL: 'trace' } })
    try {
      const { simulator, bot } = stage
      const card = await stage.ask('prod-us prod-eu users=crypto_user6 keys=262159,262163 one user, two keys')
      await stage.approve(card, people.approver, people.groupApprover)
      const end = await stage.finished(card)
      expect(end.text).toMatch(/Succeeded|Partly done/)

      const seen = simulator.recordings().map((recording) => ({
        ...recording,
        environment: Object.entries(recording.environment).filter(
          ([name]) => !(recording.tool === 'cloudhsm-cli' && allowed.includes(name)),
        ),
      }))
      const places: Record<string, string> = {
        'argument vectors and environments': JSON.stringify(seen),
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
      const forms = [plantedPassword, plantedCryptoUserPassword].flatMap(formsOf)
      const found = Object.entries(places).flatMap(([place, text]) =>
        forms.flatMap(([form, secret]) => (text.includes(secret) ? [`${place}: ${form}`] : [])),
      )
      expect(found).toEqual([])
      // Every session with a login was recorded, so "nowhere" is no empty claim.
      expect(simulator.recordings().filter((recording) => recording.tool === 'aws').length).toBeGreaterThanOrEqual(4)
      expect(end.thread.some((reply) => reply.files.some((file) => file.content.includes('[redacted]')))).toBe(true)
    } finally {
      await stage.stop()
    }
  },
)

/**
 * Every file below a folder (the database with its pages and journal, what the bastion keeps), as bytes in latin1; the
 * bastions' secrets are no files.
 */
async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    found[path.slice(folder.length)] = await readFile(path, 'latin1')
  }
  return found
}
