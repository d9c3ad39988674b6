import type { Target } from '../../domain/cluster.ts'
import { sha256 } from '../../domain/digest.ts'
import { type Refusal, refuse, type ToolConfigFlaw } from '../../domain/refusal.ts'
import type { BastionFacts, Side, Spec } from '../../domain/spec.ts'
import type { Reading, StepPlan } from '../../domain/step.ts'
import type { ConfigOutput, Draft, Engine, Order, Prepared } from '../engine.ts'
import type { Printed } from '../printed.ts'
import { programDigest } from '../program.ts'
import { refusedStop, unreadable } from '../refused.ts'
import { bastionScript, callOf, fetchData, packed } from '../script-lines.ts'
import { atOnce, type Slices } from '../slices.ts'
import { dialogueOf, playOf } from './dialogue.ts'
import { normalized } from './made-config.ts'
import { readSession } from './read.ts'
import { parseSession, sessionIn } from './session.ts'
import { sessionStop } from './stops.ts'
import { transcriptOf } from './transcript.ts'

/** Longest a step may take on the bastion; SSM's own limit stands above it. */
const SESSION_SECONDS = 540

/**
 * `cloudhsm-cli 5.17.1`, and nothing that only holds numbers somewhere: a program that does not start says so in such
 * words.
 */
const VERSION = /^\s*(?:[A-Za-z_-]+\s+){0,3}v?((\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?)(?:[-+ ].*)?$/

/** `user replicate` came with Client SDK 5.15 (user guide, client-version-previous). */
const OLDEST = { major: 5, minor: 15 } as const
export const NEEDED_VERSION = `${OLDEST.major}.${OLDEST.minor}`

/** The version that the tool says, or all that it says; and whether the bot works with that one. */
export function versionIn(said: string): { readonly version: string; readonly isTaken: boolean } {
  const [, version, major, minor] = VERSION.exec(said) ?? []
  if (version === undefined) return { version: said, isTaken: false }
  const isOld = Number(major) < OLDEST.major || (Number(major) === OLDEST.major && Number(minor) < OLDEST.minor)
  return { version, isTaken: !isOld }
}

/** The engine for every cluster CMU cannot reach: CloudHSM CLI of Client SDK 5. */
export function cloudHsmCliEngine(): Engine {
  const script = bastionScript(
    'linux',
    ...['configure.sh', 'failed-logins.sh', 'tool.sh'].map((part) => new URL(part, import.meta.url)),
  )
  const digest = sha256(script.text)
  return {
    name: 'cloudhsm-cli',
    reach: 'cluster',
    // Its configuration is shown to the run's own commands by a mount namespace, which Windows does not have.
    platforms: ['linux'],
    scriptDigest: () => digest,
    programDigest: programDigest(),
    place: ({ name, instanceId, region, stateDir, workDir, credentials, cli, cryptoUsers }) => {
      const common = { name, instanceId, region, stateDir, workDir, credentials }
      return { ...common, binary: cli.binary, configure: cli.configure, configPath: cli.config, cryptoUsers }
    },
    baseQuery: (draft, operation) =>
      callOf('cloudhsm-cli', script, { action: 'read-config', operation, ...places(draft) }),
    prepare,
    write: (spec, plan, order) => callOf('cloudhsm-cli', script, sessionData(spec, plan, order)),
    fetch: (bastion, fetch) => callOf('cloudhsm-cli', script, fetchData(bastion, fetch)),
    read: (spec, plan, printed) => atOnce(reading(spec, plan, printed)),
    reading,
    transcript: (_spec, _plan, printed: Printed) =>
      printed.text === undefined ? '(the transcript did not arrive whole)\n' : transcriptOf(parseSession(printed.text)),
  }
}

function* reading(spec: Spec, plan: StepPlan, printed: Printed): Slices<Reading> {
  const refused = refusedStop(printed)
  if (refused) return { kind: 'nothing', stop: refused }
  if (printed.text === undefined) {
    const stop = sessionStop(printed, []) ?? unreadable('the transcript: it did not arrive whole')
    return { kind: 'nothing', stop }
  }
  const session = yield* sessionIn(printed.text)
  const isCounted = printed.result !== 'stopped-killed'
  const ended = { stop: sessionStop(printed, session), logins: printed.logins, isCounted }
  return yield* readSession(spec, plan, session, ended)
}

/** The tool's version and the configuration it made for both clusters. */
function prepare(draft: Draft, { result, detail, text }: ConfigOutput): Prepared | Refusal {
  const { bastion } = draft
  if (result === 'refused-tool-missing') return refuse({ code: 'tool-missing', bastion: bastion.name, tool: detail })
  const needed = NEEDED_VERSION
  if (result === 'refused-version')
    return refuse({ code: 'tool-version', bastion: bastion.name, found: detail, needed })
  const flaw = FLAWS.get(result)
  if (flaw) return refuse({ code: 'tool-config', bastion: bastion.name, problem: flaw, detail })
  if (text === undefined)
    return refuse({ code: 'bastion-cannot', bastion: bastion.name, problem: `${result} ${detail}`.trim() })
  const found = versionIn(detail)
  if (!found.isTaken) return refuse({ code: 'tool-version', bastion: bastion.name, found: found.version, needed })
  const mergedConfig = normalized(text)
  if (mergedConfig === undefined)
    return refuse({ code: 'tool-config', bastion: bastion.name, problem: 'unreadable', detail: '' })
  return { baseConfig: '', mergedConfig, commands: commandsFor(draft), toolVersion: found.version }
}

const FLAWS: ReadonlyMap<string, ToolConfigFlaw> = new Map(
  Object.entries({
    'refused-namespace': 'namespace',
    'refused-configure': 'configure',
    'refused-configured-clusters': 'other-clusters',
    'refused-configured-hosts': 'other-hosts',
    'refused-config-missing': 'folder-missing',
    'refused-config-too-large': 'unreadable',
  } as const),
)

/** The commands that make the configuration, as configure.sh gives them. */
function commandsFor(draft: Draft): readonly string[] {
  const { configure } = draft.bastion
  return inOrder(draft).flatMap(({ clusterId, region, hsms }, at) => [
    `${configure} add-cluster --cluster-id ${clusterId} --region ${region}`,
    ...(at === 0 && hsms.length === 1 ? [`${configure} --disable-key-availability-check`] : []),
  ])
}

/**
 * Both clusters, one of a single HSM first: only while it is alone in the file can it be given the option that it
 * needs.
 */
function inOrder({ source, destination }: Draft): readonly (Side & { readonly hsms: readonly Target[] })[] {
  const from = { ...source, hsms: source.hsms ?? [source.hsm] }
  return from.hsms.length > 1 && destination.hsms.length === 1 ? [destination, from] : [from, destination]
}

function sessionData(spec: Spec, plan: StepPlan, { operation, until }: Order): Record<string, string> {
  const { text, logins } = playOf(spec, dialogueOf(spec, plan))
  return {
    action: 'session',
    operation,
    ...places(spec),
    lock: spec.destination.clusterId,
    seconds: `${SESSION_SECONDS}`,
    until: `${Math.floor(until / 1000)}`,
    logins,
    dialogue: packed(text),
  }
}

function places(draft: Draft): Record<string, string> {
  const { region, binary, configure = '', configPath, stateDir, workDir }: BastionFacts = draft.bastion
  return { region, binary, configure, config: configPath, state: stateDir, work: workDir, clusters: expected(draft) }
}

/** Each cluster with the addresses that its part of the configuration must name, and no others. */
function expected(draft: Draft): string {
  return inOrder(draft)
    .map(({ clusterId, region, hsms }) => `${clusterId}=${region}=${hsms.map(({ ip }) => ip).join(',')}`)
    .join(' ')
}
