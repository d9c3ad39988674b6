import type { IncomingMessage, ServerResponse } from 'node:http'
import { FaultList, type FaultRule } from '../faults.ts'
import { close, listen, readBody } from '../http.ts'
import { isJson, type Json, parseJson } from '../json.ts'
import { AwsError } from './aws-error.ts'
import { cloudHsmOperations } from './cloudhsm.ts'
import type { CommandRecord, StatusDetails } from './command-record.ts'
import { deniedPart, type IamPolicy } from './policy.ts'
import { accessKeyId, secretAccessKey, signerOf } from './signature.ts'
import { Ssm, type SsmOptions } from './ssm.ts'
import { type RoleSpec, Sts } from './sts.ts'

/** One request that reached the endpoint. */
export interface AwsCall {
  readonly service: string
  readonly region: string
  readonly operation: string
  readonly input: Json
  /** The role whose credentials signed it; absent: the bot's own. */
  readonly role?: string
  /** The answer; undefined while there is none, or where it was lost. */
  output?: Json
  error?: string
  readonly at: number
}

export interface AwsFaultRule extends FaultRule<Json> {
  readonly service?: 'ssm' | 'cloudhsm'
  readonly operation: string
  readonly region?: string
  readonly errorType?: string
  readonly message?: string
  /** GetCommandInvocation: the output of the command asked for is cut here, from then on. */
  readonly cut?: number
  /** SendCommand: accepted, never executed, and shown with this status from then on. */
  readonly statusDetails?: StatusDetails
  /** SendCommand: executed, but the agent never reports the end: it stays In Progress. */
  readonly agentDies?: boolean
  /** The connection breaks before anything happens. */
  readonly unreachable?: boolean
}

export interface AwsSimulator {
  readonly url: string
  readonly calls: AwsCall[]
  readonly violations: string[]
  fault(rule: AwsFaultRule): void
  clearFaults(): void
  commands(): CommandRecord[]
  /** From now on only this is allowed to the bot, or to this role; anything else is refused, and a violation. */
  obey(policy: IamPolicy, role?: string): void
  /** Roles that may be taken on, by ARN. */
  readonly roles: Map<string, RoleSpec>
  stop(): Promise<void>
}

type Service = { name: 'ssm' | 'cloudhsm'; prefix: string }
const services: readonly Service[] = [
  { name: 'ssm', prefix: 'AmazonSSM.' },
  { name: 'cloudhsm', prefix: 'BaldrApiService.' },
]

export const fakeCredentials = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }

/** One endpoint for CloudHSM V2 and SSM in every Region. */
export async function startAws(options: Omit<SsmOptions, 'report'>): Promise<AwsSimulator> {
  const calls: AwsCall[] = []
  const violations: string[] = []
  const report = (violation: string) => void violations.push(`aws: ${violation}`)
  const faults = new FaultList<Json, AwsFaultRule>()
  const ssm = new Ssm({ ...options, report })
  const cloudHsm = cloudHsmOperations(options.world)
  const sts = new Sts()
  const policies = new Map<string | undefined, IamPolicy>()

  const { server, origin } = await listen(async (request, response) => {
    const body = await readBody(request)
    if (isForSts(request)) return answerSts(response, request, body)
    const call = callOf(request, body, sts)
    if (call instanceof AwsError) {
      report(`${request.method ?? ''} ${request.url ?? ''}: ${call.type}`)
      return answer(response, call.status, errorBody(call))
    }
    calls.push(call)
    const fault = faults.take(call.input, (rule) => applies(rule, call))
    if (fault?.delayMs !== undefined) await pause(fault.delayMs)
    if (fault?.unreachable) return lose(response)
    const { status, output } = respond(call, fault)
    if (fault?.after) return lose(response)
    call.output = output
    answer(response, status, output)
  }, report)

  function answerSts(response: ServerResponse, request: IncomingMessage, body: Buffer): void {
    const form = new URLSearchParams(body.toString('utf8'))
    const input = Object.fromEntries(form)
    try {
      const signer = signerOf(request, body)
      if (!signer) throw new AwsError('MissingAuthenticationToken', 'not signed with our key', 403)
      const call = { service: 'sts', region: signer.region, operation: form.get('Action') ?? '', input, at: Date.now() }
      calls.push(call)
      const denied = policies.get(undefined) && deniedPart(policies.get(undefined) ?? { Statement: [] }, call)
      if (denied) {
        report(`the policy does not allow ${denied}`)
        throw new AwsError('AccessDenied', denied, 403)
      }
      const xml = sts.assumeRole(form)
      response.writeHead(200, { 'content-type': 'text/xml' }).end(xml)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      response
        .writeHead(error.status, { 'content-type': 'text/xml' })
        .end(
          `<ErrorResponse><Error><Type>Sender</Type><Code>${error.type}</Code><Message>${error.message}</Message></Error></ErrorResponse>`,
        )
    }
  }

  function respond(call: AwsCall, fault: AwsFaultRule | undefined): { status: number; output: Json } {
    try {
      const failsBefore = fault?.errorType !== undefined || fault?.status !== undefined
      if (failsBefore && !fault.after) {
        throw new AwsError(fault.errorType ?? 'InternalServerError', fault.message ?? '', fault.status ?? 400)
      }
      const policy = policies.get(call.role)
      const denied = policy && deniedPart(policy, call)
      if (denied) {
        report(`the policy does not allow ${denied}`)
        throw new AwsError('AccessDeniedException', `not authorized to perform: ${denied}`)
      }
      sts.checkReach(call.role, call.input)
      const operations = call.service === 'ssm' ? ssm.operations(fault) : cloudHsm
      const operation = operations[call.operation]
      if (operation === undefined) {
        report(`${call.service} ${call.operation} is not modelled`)
        throw new AwsError('UnknownOperationException')
      }
      return { status: 200, output: operation(call.input, call.region) }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      call.error = error.type
      return { status: error.status, output: errorBody(error) }
    }
  }

  return {
    url: origin,
    calls,
    violations,
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    commands: () => ssm.commands,
    obey: (given, role) => void policies.set(role, given),
    roles: sts.roles,
    async stop() {
      await ssm.stop()
      await close(server)
    },
  }
}

function isForSts(request: IncomingMessage): boolean {
  return String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
}

function callOf(request: IncomingMessage, body: Buffer, sts: Sts): AwsCall | AwsError {
  const signer = signerOf(request, body, (keyId) => sts.session(keyId))
  if (signer === undefined) return new AwsError('MissingAuthenticationTokenException', 'not signed with our key')
  const target = String(request.headers['x-amz-target'] ?? '')
  const service = services.find((candidate) => target.startsWith(candidate.prefix))
  if (service === undefined || service.name !== signer.service) return new AwsError('UnknownOperationException', target)
  if (request.headers['content-type'] !== 'application/x-amz-json-1.1') return new AwsError('SerializationException')
  const input = parseJson(body.toString('utf8'))
  if (!isJson(input)) return new AwsError('SerializationException')
  const operation = target.slice(service.prefix.length)
  const session = signer.role === undefined ? {} : { role: signer.role }
  return { service: service.name, region: signer.region, operation, input, at: Date.now(), ...session }
}

function applies(rule: AwsFaultRule, call: AwsCall): boolean {
  return (
    rule.operation === call.operation &&
    (rule.service === undefined || rule.service === call.service) &&
    (rule.region === undefined || rule.region === call.region)
  )
}

function errorBody(error: AwsError): Json {
  return { __type: error.type, message: error.message, Message: error.message }
}

function answer(response: ServerResponse, status: number, output: Json): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
  response.end(JSON.stringify(output))
}

function lose(response: ServerResponse): void {
  response.socket?.destroy()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
