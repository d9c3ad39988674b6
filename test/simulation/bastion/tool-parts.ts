import { createHash } from 'node:crypto'
import type { Random } from '../random.ts'
import type { Hsms, SimCluster, SimHsm } from '../world/hsms.ts'
import { type Configured, type ToolPart, unpack } from './bastion.ts'
import { CloudHsmCli } from './cli.ts'
import { Cmu, type Hands } from './cmu.ts'
import { cmuDialect } from './cmu-text.ts'
import { CliPlay } from './play-cli.ts'
import { playCmu } from './play-cmu.ts'
import type { Secret, Session } from './session.ts'
import type { ToolFault } from './tool.ts'

export interface Workshop {
  readonly hsms: Hsms
  readonly random: Random
  readonly fault: (command: string) => ToolFault | undefined
  /** CMU's own configuration file. */
  readonly baseConfig: () => string
  readonly secret: (reference: string) => Secret | undefined
}

function handsOf({ hsms, random, fault }: Workshop, session: Session, operation: string): Hands {
  return { hsms, random, fault, operation, shell: session.shell }
}

/** cmu/tool.sh */
export function cmuPart(workshop: Workshop): ToolPart {
  const dialect = cmuDialect(workshop.random)
  return {
    readConfig: () => ({ text: workshop.baseConfig(), detail: '' }),
    prepare: (data) => {
      const text = unpack(data.get('config'))
      const isApproved = createHash('sha256').update(text).digest('hex') === data.get('sha256')
      return isApproved
        ? { text, detail: '' }
        : { refused: 'config-digest', detail: 'the config is not the approved one' }
    },
    play: (session, config, data) => {
      const tool = new Cmu(handsOf(workshop, session, data.get('operation') ?? ''), dialect)
      const talker = { start: () => tool.start(config), say: (line: string) => tool.say(line) }
      return playCmu(session, talker, unpack(data.get('dialogue')))
    },
  }
}

/** The parts of cloudhsm-cli, with configure.sh. */
export function cliPart(workshop: Workshop): ToolPart {
  const prepare = (data: ReadonlyMap<string, string>): Configured =>
    configure(workshop.hsms, data.get('clusters') ?? '')
  return {
    prepare,
    readConfig: prepare,
    play: (session, _config, data) => {
      const clusters = new Map(
        expectedIn(data.get('clusters') ?? '').map(({ id }) => [id, activeIn(workshop.hsms.cluster(id))]),
      )
      const tool = new CloudHsmCli(handsOf(workshop, session, data.get('operation') ?? ''), clusters)
      const logins = (data.get('logins') ?? '').split(',')
      return new CliPlay(session, tool, (at) => workshop.secret(logins[at] ?? '')).play(unpack(data.get('dialogue')))
    },
  }
}

function expectedIn(clusters: string): { readonly id: string; readonly hosts: readonly string[] }[] {
  return clusters.split(' ').map((entry) => {
    const [id = '', , hosts = ''] = entry.split('=')
    return { id, hosts: hosts.split(',').sort() }
  })
}

/** The tool's own program asks AWS for the HSMs of each cluster: only the expected ones may come. */
function configure(hsms: Hsms, clusters: string): Configured {
  const made: object[] = []
  for (const { id, hosts } of expectedIn(clusters)) {
    const found = activeIn(hsms.cluster(id))
      .map(({ ip }) => ip)
      .sort()
    if (found.length === 0) return { refused: 'configure', detail: `${id}: no HSM` }
    if (found.join() !== hosts.join()) return { refused: 'configured-hosts', detail: `${id}: ${found.join(' ')}` }
    made.push({
      type: 'hsm2m',
      cluster: { clusterId: id, servers: found.map((hostname) => ({ hostname, port: 2223, enable: true })) },
    })
  }
  return { text: JSON.stringify({ clusters: made }), detail: 'cloudhsm-cli 5.17.1' }
}

function activeIn(cluster: SimCluster | undefined): readonly SimHsm[] {
  return cluster?.hsms.filter(({ state }) => state === 'ACTIVE') ?? []
}
