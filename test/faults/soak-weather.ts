import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import type { Simulator } from '../simulator/index.ts'
import type { SlackFaultRule } from '../simulator/slack/server.ts'
import type { Dice } from './soak-dice.ts'

/** Which share of the calls meets which fault. */
const SLACK: readonly (readonly [name: string, share: number, rule: SlackFaultRule])[] = [
  ['slack 429', 0.015, { method: '*', retryAfter: 1 }],
  ['slack 503', 0.01, { method: '*', status: 503 }],
  ['slack unreachable', 0.007, { method: '*', unreachable: true }],
  ['slack slow', 0.02, { method: '*', delayMs: 400 }],
  ['slack post stored, answer lost', 0.02, { method: 'chat.postMessage', after: true }],
  ['slack update stored, answer lost', 0.01, { method: 'chat.update', after: true }],
  ['slack post stored, 500 answered', 0.01, { method: 'chat.postMessage', after: true, status: 500 }],
  ['slack upload shared, answer lost', 0.03, { method: 'files.completeUploadExternal', after: true }],
  ['slack search 503', 0.03, { method: 'conversations.replies', status: 503 }],
  ['slack answer to a person lost', 0.03, { method: 'response_url', unreachable: true }],
]

const AWS: readonly (readonly [name: string, share: number, rule: AwsFaultRule])[] = [
  ['ssm send throttled', 0.03, { operation: 'SendCommand', errorType: 'ThrottlingException', status: 400 }],
  ['ssm send accepted, answer lost', 0.02, { operation: 'SendCommand', after: true }],
  ['ssm send 500', 0.01, { operation: 'SendCommand', status: 500 }],
  ['ssm send unreachable', 0.01, { operation: 'SendCommand', unreachable: true }],
  ['ssm delivery timed out', 0.006, { operation: 'SendCommand', statusDetails: 'Delivery Timed Out' }],
  ['ssm undeliverable', 0.004, { operation: 'SendCommand', statusDetails: 'Undeliverable' }],
  ['ssm terminated', 0.004, { operation: 'SendCommand', statusDetails: 'Terminated' }],
  [
    'ssm invocation does not exist',
    0.04,
    { operation: 'GetCommandInvocation', errorType: 'InvocationDoesNotExist', status: 400 },
  ],
  ['ssm look throttled', 0.02, { operation: 'GetCommandInvocation', errorType: 'ThrottlingException', status: 400 }],
  ['ssm look 500', 0.01, { operation: 'GetCommandInvocation', status: 500 }],
  ['ssm look answer lost', 0.01, { operation: 'GetCommandInvocation', after: true }],
  ['ssm output cut', 0.002, { operation: 'GetCommandInvocation', cut: 300 }],
  ['ssm list throttled', 0.05, { operation: 'ListCommands', errorType: 'ThrottlingException', status: 400 }],
  ['ssm instances 500', 0.03, { operation: 'DescribeInstanceInformation', status: 500 }],
  ['cloudhsm throttled', 0.03, { operation: 'DescribeClusters', errorType: 'ThrottlingException', status: 400 }],
]

export interface Weather {
  /** How often each fault struck. */
  readonly struck: ReadonlyMap<string, number>
  clear(): void
}

/** Slack and AWS misbehave by the seed's choice until cleared. */
export function badWeather({ slack, aws }: Simulator, dice: Dice): Weather {
  const struck = new Map<string, number>()
  const strikes = (name: string, share: number) => {
    const next = dice.rolls(name)
    return () => {
      if (next() >= share) return false
      struck.set(name, (struck.get(name) ?? 0) + 1)
      return true
    }
  }
  for (const [name, share, rule] of SLACK)
    slack.fault({ ...rule, times: Number.POSITIVE_INFINITY, when: strikes(name, share) })
  for (const [name, share, rule] of AWS)
    aws.fault({ ...rule, times: Number.POSITIVE_INFINITY, when: strikes(name, share) })
  return {
    struck,
    clear: () => {
      slack.clearFaults()
      aws.clearFaults()
    },
  }
}
