import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  InvalidDocument,
  InvocationDoesNotExist,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm'
import { DELIVERY_SECONDS } from '../../application/await-command.ts'
import type { Bastions, Instance, Invocation, Sent } from '../../application/ports.ts'
import { PLATFORMS } from '../../domain/platform.ts'
import { redact } from '../../domain/redact.ts'
import type { Landscape } from '../../domain/route.ts'
import { documentParameters } from '../../engines/locked-document.ts'
import { hasNoCredentials, problemOf, refuseAws, wasRejected } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'

const WAITING: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling'])
const MOST_PAGES = 40

/** SSM Run Command. */
export function ssmBastions(clients: AwsClients, access: Landscape['access'] = {}): Bastions {
  const ssm = ({ region, instanceId }: Pick<Instance, 'region' | 'instanceId'>) =>
    clients.ssm(region, access[instanceId])
  return {
    presence: async (instance) => {
      const { instanceId, region } = instance
      try {
        const Filters = [{ Key: 'InstanceIds', Values: [instanceId] }]
        const { InstanceInformationList = [] } = await ssm(instance).send(
          new DescribeInstanceInformationCommand({ Filters }),
        )
        const found = InstanceInformationList.find((instance) => instance.InstanceId === instanceId)
        if (!found) return undefined
        const { PingStatus: ping = 'unknown', PlatformType: platform = 'unknown', AgentVersion: agent } = found
        return { ping, platform, ...(agent ? { agent } : {}) }
      } catch (error) {
        return refuseAws(error, 'Systems Manager', region)
      }
    },

    send: async (
      { instanceId, region, document, platform = 'linux' },
      { call, comment, executionSeconds },
    ): Promise<Sent> => {
      try {
        const { Command } = await clients.ssmOnce(region, access[instanceId]).send(
          new SendCommandCommand({
            ...(document
              ? { DocumentName: document.name, DocumentHash: document.hash, DocumentHashType: 'Sha256' as const }
              : { DocumentName: PLATFORMS[platform].document }),
            InstanceIds: [instanceId],
            Comment: comment,
            TimeoutSeconds: DELIVERY_SECONDS,
            Parameters: {
              ...(document ? listed(documentParameters(call)) : { commands: [...call.lines] }),
              executionTimeout: [`${executionSeconds}`],
            },
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

    look: async (instance, commandId): Promise<Invocation> => {
      const { instanceId } = instance
      try {
        const answer = await ssm(instance).send(
          new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
        )
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

    document: async (instance, name) => {
      try {
        const { Document } = await ssm(instance).send(new DescribeDocumentCommand({ Name: name }))
        const { Hash: hash, HashType: type, DocumentVersion: version } = Document ?? {}
        if (!hash || type !== 'Sha256' || !version) throw new Error('DescribeDocument answered no SHA-256 and version')
        const query = new GetDocumentCommand({ Name: name, DocumentVersion: version, DocumentFormat: 'JSON' })
        const { Content: content = '' } = await ssm(instance).send(query)
        return { content, hash }
      } catch (error) {
        if (error instanceof InvalidDocument) return undefined
        return refuseAws(error, 'Systems Manager', instance.region)
      }
    },

    // SSM cannot filter by Comment: list what this instance was sent since, and look through it.
    find: async (instance, comment, since) => {
      const { instanceId, document, platform = 'linux' } = instance
      const name = document?.name ?? PLATFORMS[platform].document
      const Filters = [{ key: 'InvokedAfter' as const, value: new Date(since).toISOString().replace(/\.\d{3}Z$/, 'Z') }]
      let next: string | undefined
      for (let page = 0; page < MOST_PAGES; page++) {
        const { Commands = [], NextToken } = await ssm(instance).send(
          new ListCommandsCommand({
            InstanceId: instanceId,
            Filters,
            MaxResults: 50,
            ...(next ? { NextToken: next } : {}),
          }),
        )
        const found = Commands.find((command) => command.Comment === comment && command.DocumentName === name)
        if (found?.CommandId) return found.CommandId
        next = NextToken
        if (!next) return undefined
      }
      throw new Error(`more than ${MOST_PAGES} pages of commands on ${instanceId}`)
    },
  }
}

/** SSM takes a list for every parameter. */
function listed(parameters: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]]))
}

function describe(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300)
}
