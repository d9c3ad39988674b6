import type { ScriptRun } from '../bastion/agent.ts'
import type { Json } from '../json.ts'
import type { Runnable } from './documents.ts'

export type StatusDetails =
  | 'Pending'
  | 'In Progress'
  | 'Delayed'
  | 'Success'
  | 'Delivery Timed Out'
  | 'Execution Timed Out'
  | 'Failed'
  | 'Cancelled'
  | 'Cancelling'
  | 'Undeliverable'
  | 'Terminated'
  | 'Invalid Platform'
  | 'Access Denied'

/** One accepted SendCommand, with what really became of it. */
export interface CommandRecord {
  readonly commandId: string
  readonly instanceId: string
  readonly region: string
  readonly documentName: string
  readonly comment: string
  readonly parameters: Record<string, string[]>
  /** What the agent makes of document and parameters. */
  readonly runs: Runnable
  readonly timeoutSeconds: number
  readonly requestedAt: number
  status: string
  statusDetails: StatusDetails
  /** Whether the script was started at all. */
  executed: boolean
  directory?: string
  pid?: number
  /** As the agent saw it; -1 while it has not ended. */
  exitCode: number
  /** Everything it printed; what GetCommandInvocation returns is cut. */
  stdout: string
  stderr: string
  startedAt?: number
  endedAt?: number
  /** How often GetCommandInvocation has been asked. */
  asked: number
  run?: ScriptRun
  /** An injected fault shortens what is shown of the output to this many characters. */
  cutAt?: number
  /** Settles when the command has reached its end. */
  readonly finished: Promise<void>
}

const statusOf: Record<StatusDetails, string> = {
  Pending: 'Pending',
  'In Progress': 'InProgress',
  Delayed: 'Delayed',
  Success: 'Success',
  'Delivery Timed Out': 'TimedOut',
  'Execution Timed Out': 'TimedOut',
  Failed: 'Failed',
  Cancelled: 'Cancelled',
  Cancelling: 'Cancelling',
  Undeliverable: 'Failed',
  Terminated: 'Failed',
  'Invalid Platform': 'Failed',
  'Access Denied': 'Failed',
}

/** Sets both forms of the status together. */
export function setStatus(command: CommandRecord, details: StatusDetails): void {
  command.statusDetails = details
  command.status = statusOf[details]
}

export function hasEnded(command: CommandRecord): boolean {
  return !['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(command.status)
}

/** As ListCommands and SendCommand show it. */
export function describeCommand(command: CommandRecord): Json {
  return {
    CommandId: command.commandId,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: command.comment,
    ExpiresAfter: command.requestedAt / 1000 + command.timeoutSeconds + executionTimeout(command),
    Parameters: command.parameters,
    InstanceIds: [command.instanceId],
    Targets: [],
    RequestedDateTime: command.requestedAt / 1000,
    Status: command.status,
    StatusDetails: command.statusDetails,
    MaxConcurrency: '50',
    MaxErrors: '0',
    TargetCount: 1,
    CompletedCount: hasEnded(command) ? 1 : 0,
    ErrorCount: command.status === 'Failed' ? 1 : 0,
    DeliveryTimedOutCount: command.statusDetails === 'Delivery Timed Out' ? 1 : 0,
    TimeoutSeconds: command.timeoutSeconds,
  }
}

/** Seconds. */
export function executionTimeout(command: CommandRecord): number {
  return Number(command.parameters.executionTimeout?.[0] ?? 3600)
}
