import { afterEach, beforeEach } from 'vitest'
import { direct } from '../../src/adapters/network.ts'
import { createApp } from '../../src/adapters/slack/api/app.ts'
import type { Log } from '../../src/log.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { tokens } from '../simulator/slack/web-api.ts'
import { twoClusters } from '../simulator/worlds.ts'

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const MANIFEST = new URL('../../manifest.yml', import.meta.url).pathname

/** The client the bot itself uses: Bolt's, with the bot's own time limits and without retries. */
export function botClient(apiUrl: string) {
  const mode = { kind: 'http', signingSecret: tokens.signingSecret } as const
  return createApp({ botToken: tokens.bot, mode, apiUrl }, [], { log: silent, network: direct }).client
}

export interface SlackPlace {
  readonly simulator: Simulator
  readonly client: ReturnType<typeof botClient>
}

/** A Slack workspace per test, with the scopes of manifest.yml, and the bot's client in it. */
export function inSlack(): () => SlackPlace {
  let place: SlackPlace
  beforeEach(async () => {
    const simulator = await startSimulator({ manifest: MANIFEST, world: twoClusters() })
    place = { simulator, client: botClient(simulator.slack.apiUrl) }
    simulator.slack.calls.length = 0
  })
  afterEach(() => place.simulator.stop())
  return () => place
}

/** The names of the methods that reached Slack, in order. */
export function methodsCalled({ simulator }: SlackPlace): string[] {
  return simulator.slack.calls.map((call) => call.method)
}
