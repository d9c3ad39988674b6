import type { Json } from '../json.ts'
import { type CommandRecord, hasEnded } from './command-record.ts'

// SSM returns the first 24,000 characters of standard output and 8,000 of standard error.
const stdoutLimit = 24_000
const stderrLimit = 8_000
const suffix = '--output truncated--'

/** What GetCommandInvocation says about a command. */
export function describeInvocation(command: CommandRecord): Json {
  const ended = hasEnded(command)
  const started = command.startedAt === undefined ? '' : new Date(command.startedAt).toISOString()
  return {
    CommandId: command.commandId,
    InstanceId: command.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    PluginName: 'aws:runShellScript',
    ResponseCode: ended ? command.exitCode : -1,
    ExecutionStartDateTime: started,
    ExecutionElapsedTime: elapsed(command),
    ExecutionEndDateTime: command.endedAt === undefined ? '' : new Date(command.endedAt).toISOString(),
    Status: command.status,
    StatusDetails: command.statusDetails,
    StandardOutputContent: ended ? cut(command.stdout, Math.min(command.cutAt ?? stdoutLimit, stdoutLimit)) : '',
    StandardOutputUrl: '',
    StandardErrorContent: ended ? cut(command.stderr, stderrLimit) : '',
    StandardErrorUrl: '',
    CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
  }
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, Math.max(0, limit - suffix.length)) + suffix
}

function elapsed(command: CommandRecord): string {
  if (command.startedAt === undefined || command.endedAt === undefined) return ''
  return `PT${((command.endedAt - command.startedAt) / 1000).toFixed(3)}S`
}
