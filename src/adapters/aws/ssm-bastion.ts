import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  InvocationDoesNotExist,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm'
import { DELIVERY_SECONDS } from '../../application/await-command.ts'
import type { Bastions, Invocation, Sent } from '../../application/ports.ts'
import { redact } from '../../domain/redact.ts'
import { hasNoCredentials, problemOf, refuseAws, wasRejected } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'

const DOCUMENT = 'AWS-RunShellScript'
const WAITING: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling'])
const MOST_PAGES = 40

/** SSM Run Command. */
export function ssmBastions(clients: AwsClients): Bastions {
  return {
    presence: async ({ instanceId, region }) => {
      try {
        const Filters = [{ Key: 'InstanceIds', Values: [instanceId] }]
        const { InstanceInformationList = [] } = await clients
          .ssm(region)
          .send(new DescribeInstanceInformationCommand({ Filters }))
        const found = InstanceInformationList.find((instance) => instance.InstanceId === instanceId)
        return found && { ping: found.PingStatus ?? 'unknown', platform: found.PlatformType ?? 'unknown' }
      } catch (error) {
        return refuseAws(error, 'Systems Manager', region)
      }
    },

    send: async ({ instanceId, region }, { lines, comment, executionSeconds }): Promise<Sent> => {
      try {
        const { Command } = await clients.ssmOnce(region).send(
          new SendCommandCommand({
            DocumentName: DOCUMENT,
            InstanceIds: [instanceId],
            Comment: comment,
            TimeoutSeconds: DELIVERY_SECONDS,
            Parameters: { commands: [...lines], executionTimeout: [`${executionSeconds}`] },
          }),
        )
        if (Command?.CommandId) return { kind: 'sent', commandId: Command.CommandId }
        return { kind: 'unsure', problem: 'SSM answered without a command id' }
      } catch (error) {
        const problem = describe(error)
        if (hasNoCredentials(error)) return { kind: 'refused', problem, again: true }
        if (!wasRejected(error)) return { kind: 'unsure', problem }
        return { kind: 'refused', problem, again: problemOf(error) === 'throttled' }
      }
    },

    look: async ({ instanceId, region }, commandId): Promise<Invocation> => {
      try {
        const answer = await clients
          .ssm(region)
          .send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }))
        const status = answer.StatusDetails ?? answer.Status ?? 'unknown'
        if (answer.Status !== undefined && WAITING.has(answer.Status)) return { kind: 'waiting', status }
        const complaint = redact(answer.StandardErrorContent ?? '')
          .replace(/\s+/g, ' ')
          .trim()
        return { kind: 'ended', status, output: answer.StandardOutputContent ?? '', complaint: complaint.slice(0, 300) }
      } catch (error) {
        // SSM shows a new command only after a moment (SSM API, GetCommandInvocation).
        if (error instanceof InvocationDoesNotExist) return { kind: 'invisible' }
        return { kind: 'unreachable', problem: describe(error) }
      }
    },

    // SSM cannot filter by Comment: list what this instance was sent since, and look through it.
    find: async ({ instanceId, region }, comment, since) => {
      const Filters = [{ key: 'InvokedAfter' as const, value: new Date(since).toISOString().replace(/\.\d{3}Z$/, 'Z') }]
      let next: string | undefined
      for (let page = 0; page < MOST_PAGES; page++) {
        const { Commands = [], NextToken } = await clients.ssm(region).send(
          new ListCommandsCommand({
            InstanceId: instanceId,
            Filters,
            MaxResults: 50,
            ...(next ? { NextToken: next } : {}),
          }),
        )
        const found = Commands.find((command) => command.Comment === comment && command.DocumentName === DOCUMENT)
        if (found?.CommandId) return found.CommandId
        next = NextToken
        if (!next) return undefined
      }
      throw new Error(`more than ${MOST_PAGES} pages of commands on ${instanceId}`)
    },
  }
}

function describe(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300)
}
