import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import type { CommandRecord, StatusDetails } from '../simulator/aws/command-record.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { people, twoClusters } from '../simulator/worlds.ts'
import {
  contentsOf,
  DESTINATION,
  type HsmContents,
  inTurn,
  logins,
  problemsShown,
  SOURCE,
  storedRequest,
} from './evidence.ts'

/**
 * One full sync for each of a few ways in which Systems Manager can fail one step. Undisturbed there are seven:
 * inspect, inventory, users to each of the two destination HSMs, one key, the other keys, inventory; six of them log
 * in. The bot's own clock runs twenty times as fast from the approval on: its patience is minutes long.
 */
type Kind = 'inspect' | 'inventory' | 'sync-users' | 'sync-keys'

interface Row {
  readonly name: string
  /** Placed before the last approval. */
  readonly given?: (stage: Stage) => void
  /** After the last approval. */
  readonly meanwhile?: (stage: Stage) => Promise<void>
  readonly ends: 'Succeeded' | 'Partly done' | 'Failed' | 'Unknown'
  readonly stop?: string
  /** What is on the destination afterwards; without it: everything that is on the source. */
  readonly arrived?: 'users and the first key' | 'a part'
  /** SendCommands that carried a step, whether SSM took them or not. Undisturbed: 7. */
  readonly sent: number | readonly number[]
  readonly logins?: number
}

const forStep = (kind: Kind) => (input: Record<string, unknown>) => String(input.Comment).endsWith(` ${kind}`)
const ALWAYS = 10_000

/** SendCommand of the (first) step of a kind. */
const send = (kind: Kind, rule: Partial<AwsFaultRule>) => (stage: Stage) =>
  stage.simulator.aws.fault({ service: 'ssm', operation: 'SendCommand', when: forStep(kind), ...rule })

const never = (statusDetails: StatusDetails) => (kind: Kind, times: number) => send(kind, { statusDetails, times })

// The rest, each status and each call, is the simulation's: here is what a real script under a real agent does.
const ROWS: readonly Row[] = [
  {
    name: 'SSM takes the command, its answer is lost',
    given: send('sync-users', { after: true }),
    ends: 'Succeeded',
    // Either the command or the question about it reaches the bastion first: in the second case it is sealed, and sent
    // again.
    sent: [7, 8],
  },
  {
    name: 'the bastion goes away in mid-run and comes back',
    meanwhile: async (stage) => {
      await commandOf(stage, 'sync-users')
      setBastion(stage, 'ConnectionLost')
      await until(() => refusedSend(stage), 'a refused SendCommand', 60_000)
      setBastion(stage, 'Online')
    },
    ends: 'Succeeded',
    sent: 8,
  },
  { name: 'Delivery Timed Out, once', given: never('Delivery Timed Out')('sync-users', 1), ends: 'Succeeded', sent: 8 },
  { name: 'the agent dies in mid-step', given: send('sync-users', { agentDies: true }), ends: 'Succeeded', sent: 7 },
  {
    name: 'the output is cut, and so is every later answer about it',
    given: (stage) => {
      const { aws } = stage.simulator
      const step = () => aws.commands().find(({ comment }) => comment.endsWith(' sync-keys'))
      const isAboutIt = (id: unknown) => {
        const asked = aws.commands().find(({ commandId }) => commandId === id)
        return asked !== undefined && asked.comment.split(' ')[1] === step()?.comment.split(' ')[1]
      }
      aws.fault({
        operation: 'GetCommandInvocation',
        when: (input) => isAboutIt(input.CommandId),
        cut: 200,
        times: ALWAYS,
      })
    },
    ends: 'Partly done',
    stop: 'lost',
    arrived: 'users and the first key',
    sent: 7,
    logins: 5,
  },
  {
    name: 'the step is killed half-way (Execution Timed Out)',
    given: ({ simulator }) =>
      simulator.world.update((state) => {
        state.latencyMs.syncKey = 700
      }),
    meanwhile: async (stage) => {
      const step = await until(() => commandsOf(stage, 'sync-keys')[1], 'the second batch of keys', 60_000)
      await until(() => keysTyped(stage, step) >= 2 || undefined, 'a key in the second batch', 30_000)
      step.run?.kill('timeout')
    },
    ends: 'Partly done',
    stop: 'lost',
    arrived: 'a part',
    sent: 8,
  },
]

describe('Systems Manager fails one step', { timeout: 300_000, concurrent: true }, () => {
  for (const row of ROWS) {
    it(row.name, async ({ expect }) => {
      const stage = await inTurn(() =>
        startStage({
          required: 1,
          world: twoClusters(),
          envFor: (directory) => ({
            NODE_OPTIONS: `--import ${new URL('./fast-clock.mjs', import.meta.url).pathname}`,
            FAST_CLOCK_FROM: join(directory, 'fast'),
          }),
        }),
      )
      try {
        const before = contentsOf(stage.simulator, DESTINATION)
        const card = await stage.ask()
        row.given?.(stage)
        await writeFile(join(stage.directory, 'fast'), '')
        await stage.approve(card, people.approver)
        await row.meanwhile?.(stage)
        const end = await ended(stage, card)

        const { outcome } = await storedRequest(stage.env.DATABASE_URL ?? '')
        const after = contentsOf(stage.simulator, DESTINATION)
        expect(end.text).toContain(row.ends)
        expect(outcome?.stop?.code).toBe(row.stop)
        expect(await problemsShown(stage)).toEqual([])
        expect(stage.simulator.violations()).toEqual([])
        expect([row.sent].flat()).toContain(stepSends(stage))
        expect(logins(stage.simulator)).toBe(row.logins ?? 6)
        // What the result says is what is there.
        if (outcome?.proof === 'none') expect(outcome.destinations.flatMap(({ keys }) => keys.synced)).toEqual([])
        else expect(outcome?.destinations.map(tallied)).toEqual(after.map((hsm, at) => difference(hsm, before[at])))
        if (outcome?.evidence !== 'may-have-written') expect(after).toEqual(before)
        expect(after).toEqual(expected(stage, row, { before, after }))
      } finally {
        await stage.stop()
      }
    })
  }
})

type Contents = readonly HsmContents[]

/** What must be on the destination: nothing that is not on the source, and of that as much as the row says. */
function expected(stage: Stage, { arrived }: Row, { before, after }: { before: Contents; after: Contents }): Contents {
  const [source] = contentsOf(stage.simulator, SOURCE)
  if (!source) throw new Error('no source')
  const whole = before.map(({ hsmId }) => ({ ...source, hsmId }))
  switch (arrived) {
    case undefined:
      return whole
    case 'users and the first key': {
      const [first] = source.keys.filter((key) => !before[0]?.keys.includes(key))
      return before.map((hsm) => ({
        ...hsm,
        users: source.users,
        keys: [...hsm.keys, first ?? 0].sort((a, b) => a - b),
      }))
    }
    case 'a part':
      // More than the first key, less than all, the same on both HSMs.
      return whole.map((hsm) => {
        const keys = after[0]?.keys.filter((key) => hsm.keys.includes(key)) ?? []
        const [least, most] = [(before[0]?.keys.length ?? 0) + 2, hsm.keys.length]
        if (keys.length < least || keys.length >= most) throw new Error(`not a part: ${keys.length} keys`)
        return { ...hsm, keys }
      })
    default:
      return arrived satisfies never
  }
}

function tallied(report: { hsmId: string; users: { synced: number }; keys: { synced: number } }) {
  return { hsmId: report.hsmId, users: report.users.synced, keys: report.keys.synced }
}

function difference(now: HsmContents, before: HsmContents | undefined) {
  return {
    hsmId: now.hsmId,
    users: now.users.filter((user) => !before?.users.includes(user)).length,
    keys: now.keys.filter((key) => !before?.keys.includes(key)).length,
  }
}

const ENDS = /Succeeded|Partly done|Failed|Unknown|Stale/

function ended({ simulator, bot }: Stage, { channel, ts }: MessageRecord): Promise<MessageRecord> {
  return until(
    () =>
      simulator.slack
        .messages(channel)
        .find(
          (message) =>
            message.ts === ts && ENDS.test(message.text) && message.thread.some(({ text }) => ENDS.test(text)),
        ),
    'the end of the run',
    150_000,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${bot.log().slice(-3_000)}`)
  })
}

function commandsOf({ simulator }: Stage, kind: Kind): CommandRecord[] {
  return simulator.aws.commands().filter(({ comment }) => comment.endsWith(` ${kind}`))
}

function commandOf(stage: Stage, kind: Kind): Promise<CommandRecord> {
  return until(() => commandsOf(stage, kind)[0], `a command for ${kind}`, 60_000)
}

function keysTyped({ simulator }: Stage, { commandId }: CommandRecord): number {
  const session = simulator.sessions().find((one) => one.commandId === commandId)
  return session?.commands.filter((line) => line.startsWith('syncKey')).length ?? 0
}

function stepSends({ simulator }: Stage): number {
  return simulator.aws.calls.filter(
    ({ operation, input }) =>
      operation === 'SendCommand' && / (inspect|inventory|sync-\w+)$/.test(String(input.Comment)),
  ).length
}

function refusedSend({ simulator }: Stage): true | undefined {
  return simulator.aws.calls.some(({ error }) => error === 'InvalidInstanceId') || undefined
}

function setBastion({ simulator }: Stage, ping: 'Online' | 'ConnectionLost'): void {
  simulator.world.update((state) => {
    for (const bastion of state.bastions) bastion.ping = ping
  })
}
