import { readFileSync } from 'node:fs'
import { mergeConfig } from '../../domain/config-merge.ts'
import { sha256 } from '../../domain/digest.ts'
import type { OperationId } from '../../domain/ids.ts'
import type { BastionFacts, Spec } from '../../domain/spec.ts'
import type { StepPlan } from '../../domain/step.ts'
import type { Engine } from '../engine.ts'
import type { Printed } from '../printed.ts'
import { packed, withData } from '../script-lines.ts'
import { commandsOf, dialogueOf, dialogueText } from './dialogue.ts'
import { readSession } from './read.ts'
import { parseSession, type Session } from './session.ts'
import { refusedStop, sessionStop, unreadable } from './stops.ts'
import { transcriptOf } from './transcript.ts'

/** Longest a CMU session may take on the bastion; SSM's own limit stands above it. */
const SESSION_SECONDS = 540

/** The engine for clusters of hsm1.medium: cloudhsm_mgmt_util of Client SDK 3. */
export function cmuEngine(): Engine {
  const script = readFileSync(new URL('./bastion.sh', import.meta.url), 'utf8')
  return {
    name: 'cmu',
    scriptDigest: sha256(script),
    merge: mergeConfig,
    baseQuery: (bastion, operation) =>
      withData(script, { action: 'read-config', operation, config: bastion.configPath }),
    write: (spec, plan, operation) => withData(script, sessionData(spec, plan, operation)),
    fetch: ({ stateDir }, { operation, piece, seal }) =>
      withData(script, { action: 'fetch', operation, state: stateDir, piece: `${piece}`, seal: seal ? 'yes' : 'no' }),
    read: (spec, plan, printed) => {
      const refused = refusedStop(printed)
      if (refused) return { kind: 'nothing', stop: refused }
      const session = sessionOf(spec, plan, printed)
      if (!session) return { kind: 'nothing', stop: unreadable('the transcript did not arrive whole', plan) }
      return readSession(spec, plan, session, sessionStop(spec, plan, printed, session))
    },
    transcript: (spec, plan, printed) => {
      const session = sessionOf(spec, plan, printed)
      return session ? transcriptOf(session) : '(the transcript did not arrive whole)\n'
    },
  }
}

function sessionData(spec: Spec, plan: StepPlan, operation: OperationId): Record<string, string> {
  const { bastion, mergedConfig } = spec
  const lines = dialogueOf(spec, plan)
  return {
    action: 'session',
    operation,
    ...places(bastion),
    lock: spec.destination.clusterId,
    seconds: `${SESSION_SECONDS}`,
    sha256: sha256(mergedConfig),
    ...(lines.some((line) => line.do === 'login')
      ? { login: `${bastion.credentials.source}:${bastion.credentials.id}` }
      : {}),
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
  const end =
    printed.result === 'done' || printed.result === 'stopped-need'
      ? 'whole'
      : printed.result === 'stopped-killed'
        ? 'killed'
        : 'broken'
  return parseSession(printed.text, commands, { sent: printed.sent, end })
}
