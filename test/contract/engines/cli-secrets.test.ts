import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Ground, type RunOptions } from '../../harness/engine-run.ts'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { plantedCryptoUserPassword, plantedPassword } from '../../simulator/worlds.ts'
import { changePassword, theKeys } from './scenario.ts'
import { cliTool, type Tool } from './tools.ts'
import { destinationOf } from './truth.ts'

// The passwords that stand in the secrets, and every place where one could be seen.

const planted = [plantedPassword, plantedCryptoUserPassword]
const cryptoUsers = ['crypto_user1', 'crypto_user2']
const session = cliTool({ cliInteractive: 'prompts' })
const commands = ['terminal'] as const
/** One of each: a user, and a key of somebody whose listing the bot may ask for. */
const scope = { users: { kind: 'listed', items: ['crypto_user6'] }, keys: theKeys(262162) } as const

interface Ended {
  readonly ground: Ground
  /** Every text that was in a file of the bastion at some look, during a step or at the end, as it is and unpacked. */
  readonly files: readonly string[]
}

async function runOn(tool: Tool, given: (state: WorldState) => void, look: (ended: Ended) => void): Promise<void> {
  const ground = new Ground({ engine: tool.engine, world: tool.world(), cryptoUsers })
  try {
    ground.world.update(given)
    const files = new Set<string>()
    const lookAround = () => {
      for (const text of filesOf(ground)) files.add(text)
    }
    const during: RunOptions['during'] = async (_plan, script) => {
      for (let isOver = false; !isOver; lookAround())
        isOver = await Promise.race([script.result.then(() => true), pause(100)])
    }
    await ground.run({ during, scope })
    lookAround()
    look({ ground, files: [...files].flatMap(unpacked) })
  } finally {
    ground.remove()
  }
}

const pause = (ms: number) => new Promise<false>((resolve) => setTimeout(() => resolve(false), ms))

/** Every file of the script, as it stands there. Pipes are left alone. */
function filesOf({ files }: Ground): string[] {
  return [files.stateDir, files.workDir].filter(existsSync).flatMap((place) =>
    entriesOf(place)
      .filter((entry) => entry.isFile())
      .flatMap((entry) => readNow(join(entry.parentPath, entry.name))),
  )
}

/** Looks again when a folder goes away in the middle of the look. */
function entriesOf(place: string): Dirent[] {
  for (;;) {
    try {
      return readdirSync(place, { recursive: true, withFileTypes: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}

function readNow(path: string): string[] {
  try {
    return [readFileSync(path, 'latin1')]
  } catch {
    return [] // removed between the look and the reading
  }
}

/** A text, and whatever is packed in it as base64 of gzip. */
function unpacked(text: string): string[] {
  const packed = text.match(/H4sI[A-Za-z0-9+/]{20,}={0,2}/g) ?? []
  return [text, ...packed.flatMap((base64) => gunzipped(base64))]
}

function gunzipped(base64: string): string[] {
  try {
    return [gunzipSync(Buffer.from(base64, 'base64')).toString('latin1')]
  } catch {
    return [] // one chunk of several: the file that it is from is searched whole
  }
}

function expectNowhere(texts: readonly string[]): void {
  for (const password of planted) expect(texts.filter((text) => text.includes(password))).toEqual([])
}

/** `<tool> <variable>` of everything in an environment that holds a password. */
function environmentsWithPassword({ ground }: Ended): string[] {
  const found = ground.recordings().flatMap(({ tool, environment }) =>
    Object.entries(environment)
      .filter(([, value]) => planted.some((password) => value.includes(password)))
      .map(([name]) => `${tool} ${name}`),
  )
  return [...new Set(found)].sort()
}

function expectSecret({ ground, files }: Ended): void {
  expectNowhere(ground.sent.flatMap(unpacked))
  expectNowhere(ground.printed.flatMap(unpacked))
  expectNowhere(files)
  expectNowhere(ground.recordings().flatMap(({ argv, neighbours }) => [...argv, ...neighbours.flat()]))
  expect(
    files.some((text) => text.includes('replicate')),
    'the search sees what is packed',
  ).toBe(true)
  expect(ground.printed.flatMap(unpacked).some((text) => text.includes('user list'))).toBe(true)
}

describe('a password stands in no line, no output, no file and no argument', () => {
  const ways: readonly [string, (state: WorldState) => void][] = [
    ['a tool that is killed', (state) => session.disturbKey(state, 262162, { do: 'kill' })],
    ['a tool that repeats it', (state) => session.disturbKey(state, 262162, { do: 'fail', text: plantedPassword })],
  ]

  it.concurrent.each(ways)('one session, %s: and in no environment', (_what, given) =>
    runOn(session, given, (ended) => {
      expectSecret(ended)
      expect(environmentsWithPassword(ended)).toEqual([])
    }),
  )

  describe.each(commands)('a process per command (%s)', (cliInteractive) => {
    it.concurrent.each(ways.slice(1))('%s: and in the tool’s own environment only', (_what, given) =>
      runOn(cliTool({ cliInteractive }), given, (ended) => {
        expectSecret(ended)
        expect(environmentsWithPassword(ended)).toEqual([
          'cloudhsm-cli CLOUDHSM_PIN',
          'cloudhsm-cli DESTINATION_CLOUDHSM_PIN',
        ])
      }),
    )
  })

  it.concurrent('nor after a wrong password', () =>
    runOn(
      session,
      (state) => changePassword(destinationOf(state)),
      ({ ground, files }) => {
        expectNowhere([...ground.sent, ...ground.printed].flatMap(unpacked))
        expectNowhere(files)
      },
    ))
})
