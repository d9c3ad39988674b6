import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Ended, type Program, type ProgramCall, playProgram } from '../simulator/bin/played-program.mjs'
import { startSimulator } from '../simulator/index.ts'
import type { ToolFault, WorldSpec } from '../simulator/world/world-spec.ts'
import { hsm2mClusters, plantedPassword, twoClusters } from '../simulator/worlds.ts'
import { adminAtBoth, bothClusters, eu, keyReplication, missingKey, pin, us, userReplication } from './cli-place.ts'

// Most tests of the tools play them in this process. Here the same calls start the programs as well: what they say, how
// they end and what they leave behind must be the same, to the letter.

interface Call {
  readonly words: readonly string[]
  readonly environment?: Record<string, string>
  readonly lines?: readonly string[]
}

interface Place {
  readonly tool: string
  readonly variables: Record<string, string>
}

/** One after the other in a fresh world; what came of each, and of the world. */
async function outcomeOf(
  [tool, world, calls]: readonly [Program, WorldSpec, readonly Call[]],
  carryOut: (place: Place, call: ProgramCall) => Ended,
) {
  const simulator = await startSimulator({ world, seed: 5 })
  try {
    const { binary, cli, configure, config, cliConfig } = simulator.bastionPaths('us-bastion')
    const place = {
      tool: { cloudhsm_mgmt_util: binary, 'cloudhsm-cli': cli, 'configure-cli': configure }[tool],
      variables: {
        SIM_STATE: simulator.world.path,
        SIM_BASTION: 'i-0123456789abcdef0',
        SIM_ETC: dirname(cliConfig),
      },
    }
    writeFileSync(join(simulator.directory, 'merged.cfg'), mergedConfig(config))
    if (tool === 'cloudhsm-cli')
      for (const { words } of [adding(us), adding(eu, '--region', 'eu-west-1')])
        playProgram('configure-cli', { ...place, words })
    const ended = calls.map(({ words, environment = {}, lines = [] }) => {
      const list = words.map((word) => (word === 'merged.cfg' ? join(simulator.directory, word) : word))
      return carryOut(place, { variables: environment, words: list, input: lines.map((line) => `${line}\n`).join('') })
    })
    const left = {
      ended,
      clusters: simulator.world.read().clusters,
      config: existsSync(cliConfig) ? readFileSync(cliConfig, 'utf8') : undefined,
      sessions: simulator.sessions().map(({ pid: _, startedAt: __, ...session }) => session),
      logins: simulator.logins().map(({ at: _, ...login }) => login),
      violations: simulator.violations(),
    }
    return JSON.parse(JSON.stringify(left).replaceAll(simulator.directory, '(the folder)')) as typeof left
  } finally {
    await simulator.stop()
  }
}

const program = ({ tool }: Place, { variables, words, input = '' }: ProgramCall): Ended => {
  const { status, signal, stdout, stderr } = spawnSync(tool, words, {
    env: { PATH: process.env.PATH ?? '', ...variables },
    input,
    encoding: 'utf8',
  })
  return { status, signal, stdout, stderr }
}

function mergedConfig(config: string): string {
  const merged = JSON.parse(readFileSync(config, 'utf8'))
  const [server] = merged.servers
  merged.servers = ['10.0.1.7', '10.8.1.4'].map((ip) => ({ ...server, name: ip, hostname: ip }))
  return JSON.stringify(merged)
}

const login = `loginHSM CO admin ${plantedPassword}`
const cmu = (...lines: string[]): Call => ({ words: ['merged.cfg'], lines })
const line = (words: string, environment = {}): Call => ({ words: words.split(' '), environment })
const syncKey = (...faults: Partial<ToolFault>[]) =>
  twoClusters({ toolFaults: faults.map((fault) => ({ command: 'syncKey', do: 'fail', times: 1, ...fault })) })

const adding = (id: string, ...more: string[]): Call => ({ words: ['add-cluster', '--cluster-id', id, ...more] })
const admin = pin('admin', 'admin', plantedPassword)
const typed = (id: string) => [`login --username admin --role admin --cluster-id ${id}`, plantedPassword]

/** A bastion on which nobody has configured CloudHSM CLI. */
function unconfigured(overrides: Partial<WorldSpec>): WorldSpec {
  const world = hsm2mClusters(overrides)
  return { ...world, bastions: world.bastions.map((bastion) => ({ ...bastion, cliConfig: null })) }
}

/** What happens, how each call ends, and the calls. */
const STORIES: readonly (readonly [
  string,
  readonly (number | 'SIGKILL')[],
  readonly [Program, WorldSpec, readonly Call[]],
])[] = [
  [
    'sessions of cloudhsm_mgmt_util',
    [1, 1, 1, 'SIGKILL', 1, 1],
    [
      'cloudhsm_mgmt_util',
      syncKey({ do: 'question' }, { do: 'cut' }, { do: 'kill', after: true }),
      [
        cmu('info server 0', 'listUsers', login, 'server 0', 'findAllKeys 3 1', 'syncUser 7 1', 'exit', 'quit'),
        cmu(login, 'server 0', 'syncKey 262163 1', 'I', 'info server 0'),
        cmu(login, 'server 0', 'syncKey 262163 1', 'quit'),
        cmu(login, 'server 0', 'syncKey 262158 1', 'quit'),
        cmu('loginHSM CO admin wrong', 'createUser CU x y', 'y', 'nonsense', 'quit'),
        line('nowhere.cfg'),
      ],
    ],
  ],
  [
    'single commands of cloudhsm-cli',
    [0, 0, 2, 0, 1, 2, 0, 1, 0, 0, 'SIGKILL', 3, 0, 1],
    [
      'cloudhsm-cli',
      unconfigured({
        dialect: { cliFailureExit: 1, cliLogs: true },
        toolFaults: [
          { command: 'key replicate', do: 'cut', times: 1 },
          { command: 'key replicate', do: 'kill', times: 1 },
          { command: 'key replicate', do: 'exit', times: 1 },
        ],
      }),
      [
        ...['--version', 'help', 'user lits', `user list --cluster-id ${us}`, 'user list'].map((words) => line(words)),
        { words: [] },
        line(`key list --cluster-id ${us} --max-items 2`, admin),
        line(`key list --cluster-id ${us}`),
        { words: userReplication('crypto_user5'), environment: adminAtBoth },
        ...[1, 2, 3, 4].map(() => ({ words: keyReplication(missingKey), environment: adminAtBoth })),
        line('user create --username x --role crypto-user', adminAtBoth),
      ],
    ],
  ],
  ...(['prompts', 'silent', 'terminal'] as const).map(
    (cliInteractive) =>
      [
        `a session of cloudhsm-cli, ${cliInteractive}`,
        [0],
        [
          'cloudhsm-cli',
          unconfigured({ dialect: { cliInteractive, cliColours: true, cliLogs: true } }),
          [
            {
              words: ['interactive', '--cluster-id', us],
              lines: [
                ...typed(us),
                ...typed(eu),
                'nonsense',
                `user replicate --username crypto_user5 --role crypto-user ${bothClusters.join(' ')}`,
                `key list --cluster-id ${us} --filter attr.label="Backup wrapping key-2024"`,
                `logout --cluster-id ${us}`,
              ],
            },
          ],
        ],
      ] as const,
  ),
  [
    'configure-cli',
    [0, 1, 1, 0, 1, 2, 3, 0],
    [
      'configure-cli',
      unconfigured({ toolFaults: [{ command: 'configure-cli', skip: 6, do: 'exit', times: 1 }] }),
      [
        adding(us),
        adding(us),
        adding(eu),
        adding(eu, '--region', 'eu-west-1'),
        line('-a 10.0.1.7'),
        line('other'),
        line(`remove-cluster --cluster-id ${us}`),
        line(`remove-cluster --cluster-id ${eu}`),
      ],
    ],
  ],
]

describe('a program that is played', () => {
  it.each(STORIES)('does the same as one that is started: %s', async (_title, ends, story) => {
    const started = await outcomeOf(story, program)
    const played = await outcomeOf(story, ({ variables }, call) =>
      playProgram(story[0], { ...call, variables: { ...call.variables, ...variables } }),
    )
    expect(played).toEqual(started)
    expect(started.ended.map(({ status, signal }) => signal ?? status)).toEqual(ends)
  })
})
