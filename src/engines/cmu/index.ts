import { mergeConfig } from '../../domain/config-merge.ts'
import { sha256 } from '../../domain/digest.ts'
import { type BaseConfigFlaw, type Refusal, refuse } from '../../domain/refusal.ts'
import type { BastionFacts, Spec } from '../../domain/spec.ts'
import type { Reading, StepPlan } from '../../domain/step.ts'
import type { ConfigOutput, Draft, Engine, Order, Prepared } from '../engine.ts'
import type { Printed } from '../printed.ts'
import { programDigest } from '../program.ts'
import { refusedStop, unreadable } from '../refused.ts'
import { bastionScript, callOf, fetchData, loginWord, packed } from '../script-lines.ts'
import { commandsOf, dialogueOf, dialogueText } from './dialogue.ts'
import { readSession } from './read.ts'
import { parseSession, type Session } from './session.ts'
import { sessionStop } from './stops.ts'
import { transcriptOf } from './transcript.ts'

/** Longest a CMU session may take on the bastion; SSM's own limit stands above it. */
const SESSION_SECONDS = 540

/** The engine for clusters of hsm1.medium: cloudhsm_mgmt_util of Client SDK 3. */
export function cmuEngine(): Engine {
  const scripts = {
    linux: bastionScript('linux', new URL('./tool.sh', import.meta.url)),
    windows: bastionScript('windows', new URL('./tool.ps1', import.meta.url)),
  }
  const digests = { linux: sha256(scripts.linux.text), windows: sha256(scripts.windows.text) }
  const scriptFor = ({ platform = 'linux' }: Pick<BastionFacts, 'platform'>) => scripts[platform]
  return {
    name: 'cmu',
    reach: 'hsm',
    platforms: ['linux', 'windows'],
    scriptDigest: ({ platform = 'linux' }) => digests[platform],
    programDigest: programDigest(),
    place: ({ name, instanceId, region, platform, stateDir, workDir, credentials, cmu }) => {
      const common = { name, instanceId, region, stateDir, workDir, credentials }
      const facts = { ...common, binary: cmu.binary, configPath: cmu.config }
      return platform === 'linux' ? facts : { ...facts, platform }
    },
    baseQuery: ({ bastion }, operation) =>
      callOf('cmu', scriptFor(bastion), {
        action: 'read-config',
        operation,
        config: bastion.configPath,
        binary: bastion.binary,
      }),
    prepare,
    write: (spec, plan, order) => callOf('cmu', scriptFor(spec.bastion), sessionData(spec, plan, order)),
    fetch: (bastion, fetch) => callOf('cmu', scriptFor(bastion), fetchData(bastion, fetch)),
    read,
    // A listing of CMU is small enough for one slice.
    *reading(spec, plan, printed) {
      yield
      return read(spec, plan, printed)
    },
    transcript: (spec, plan, printed) => {
      const session = sessionOf(spec, plan, printed)
      return session ? transcriptOf(session) : '(the transcript did not arrive whole)\n'
    },
  }
}

function read(spec: Spec, plan: StepPlan, printed: Printed): Reading {
  const refused = refusedStop(printed)
  if (refused) return { kind: 'nothing', stop: refused }
  const session = sessionOf(spec, plan, printed)
  if (!session) return { kind: 'nothing', stop: unreadable('the transcript: it did not arrive whole') }
  return readSession(spec, plan, session, { stop: sessionStop(spec, printed, session), logins: printed.logins })
}

/** The base config as it was printed, and merged. */
function prepare({ bastion, source, destination }: Draft, { result, detail, text }: ConfigOutput): Prepared | Refusal {
  const flawed = (problem: BaseConfigFlaw) =>
    refuse({ code: 'base-config', bastion: bastion.name, path: bastion.configPath, problem })
  if (result === 'refused-tool-missing') return refuse({ code: 'tool-missing', bastion: bastion.name, tool: detail })
  const flaw = FLAWS.get(result)
  if (flaw) return flawed({ flaw })
  if (text === undefined)
    return refuse({ code: 'bastion-cannot', bastion: bastion.name, problem: `${result} ${detail}`.trim() })
  const merge = mergeConfig(text, [source.hsm.ip, ...destination.hsms.map((hsm) => hsm.ip)])
  return merge.flaw === undefined ? { baseConfig: text, mergedConfig: merge.merged } : flawed(merge)
}

const FLAWS: ReadonlyMap<string, 'missing' | 'unreadable' | 'too-large'> = new Map(
  Object.entries({
    'refused-config-missing': 'missing',
    'refused-config-unreadable': 'unreadable',
    'refused-config-too-large': 'too-large',
  } as const),
)

function sessionData(spec: Spec, plan: StepPlan, { operation, until }: Order): Record<string, string> {
  const { bastion, mergedConfig } = spec
  const lines = dialogueOf(spec, plan)
  return {
    action: 'session',
    operation,
    ...places(bastion),
    lock: spec.destination.clusterId,
    seconds: `${SESSION_SECONDS}`,
    until: `${Math.floor(until / 1000)}`,
    sha256: sha256(mergedConfig),
    // Without a login too: whose failed logins count is told by the secret.
    logins: loginWord(bastion.credentials),
    config: packed(mergedConfig),
    dialogue: packed(dialogueText(lines)),
  }
}

function places({ region, binary, stateDir, workDir }: BastionFacts): Record<string, string> {
  return { region, binary, state: stateDir, work: workDir }
}

function sessionOf(spec: Spec, plan: StepPlan, printed: Printed): Session | undefined {
  if (printed.text === undefined) return undefined
  const commands = commandsOf(dialogueOf(spec, plan))
  const end = printed.result === 'done' || printed.result === 'stopped-need' ? 'whole' : 'broken'
  return parseSession(printed.text, commands, {
    sent: printed.result === 'stopped-killed' ? undefined : printed.sent,
    end,
  })
}
