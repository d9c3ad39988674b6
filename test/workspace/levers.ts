import { join } from 'node:path'
import { lookNow } from '../harness/look-now.ts'
import type { Stage } from '../harness/stage.ts'
import { addUserWithKey } from '../harness/world-changes.ts'
import type { ShownLever } from './seen.ts'

/** The bad day at hand, and what happens to clusters anyway. */
export interface Levers {
  shown(): readonly ShownLever[]
  /** Throws where there is no lever of this name. */
  pull(name: string): Promise<void>
  bot(): 'up' | 'starting' | 'down'
}

interface Lever extends Omit<ShownLever, 'name' | 'isOn'> {
  readonly isOn?: () => boolean
  pull(): Promise<void> | void
}

const DESTINATION = 'cluster-7klmnopqrst'

export function leversOf(stage: Stage, isWatched: boolean): Levers {
  const { slack, aws, world } = stage.simulator
  let bot: ReturnType<Levers['bot']> = 'up'
  let made = 0
  const destination = () => world.peek().clusters.find(({ clusterId }) => clusterId === DESTINATION)
  const isFull = () => world.peek().bastions.some(({ disk }) => disk === 'full')
  const all: Record<string, Lever> = {
    drift: {
      label: 'Make a user and a key on prod-us',
      hint: 'as an administrator would by hand: prod-eu is behind then',
      pull: () => void addUserWithKey(world, `starter_${++made}`),
    },
    ...(isWatched
      ? {
          look: {
            label: 'Let the watch look now',
            hint: 'instead of in up to an hour',
            pull: () => lookNow(join(stage.directory, 'bot.sqlite')),
          },
        }
      : {}),
    'lose-slack': {
      label: 'Lose Slack’s next answer',
      hint: 'what the bot posts next is stored, and the bot is not told',
      pull: () => slack.fault({ method: 'chat.postMessage', after: true }),
    },
    'lose-ssm': {
      label: 'Lose Systems Manager’s next answer',
      hint: 'the next command is sent, and the bot is not told',
      pull: () => aws.fault({ operation: 'SendCommand', after: true }),
    },
    kill: {
      label: 'Kill the bot',
      hint: 'SIGKILL, wherever it is; pressed again it starts',
      isOn: () => bot !== 'up',
      pull: async () => {
        if (bot === 'up') {
          bot = 'down'
          await stage.bot.stop('SIGKILL')
        } else if (bot === 'down') {
          bot = 'starting'
          await stage.restart().then(
            () => (bot = 'up'),
            (error: unknown) => {
              bot = 'down'
              throw error
            },
          )
        }
      },
    },
    disk: {
      label: 'Fill the bastion’s disk',
      hint: 'pressed again there is room',
      isOn: isFull,
      pull: () => {
        const isOn = isFull()
        world.update(({ bastions }) => {
          for (const bastion of bastions) {
            if (isOn) delete bastion.disk
            else bastion.disk = 'full'
          }
        })
      },
    },
    migrate: {
      label: 'Migrate prod-eu to another HSM type',
      hint: 'MODIFY_IN_PROGRESS; pressed again it is ACTIVE',
      isOn: () => destination()?.state !== 'ACTIVE',
      pull: () =>
        world.update(({ clusters }) => {
          for (const cluster of clusters)
            if (cluster.clusterId === DESTINATION)
              cluster.state = cluster.state === 'ACTIVE' ? 'MODIFY_IN_PROGRESS' : 'ACTIVE'
        }),
    },
  }
  return {
    bot: () => bot,
    shown: () =>
      Object.entries(all).map(([name, { label, hint, isOn }]) => ({
        name,
        label,
        hint,
        ...(isOn ? { isOn: isOn() } : {}),
      })),
    pull: async (name) => {
      const lever = all[name]
      if (!Object.hasOwn(all, name) || !lever) throw new Error(`there is no lever ${name}`)
      await lever.pull()
    },
  }
}
