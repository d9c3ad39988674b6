import { describe, expect, it } from 'vitest'
import { awsClients } from '../../src/adapters/aws/clients.ts'
import { ssmBastions } from '../../src/adapters/aws/ssm-bastion.ts'
import type { Invocation } from '../../src/application/ports.ts'
import { until } from '../harness/stage.ts'
import type { AwsFaultRule } from '../simulator/aws/aws-simulator.ts'
import type { StatusDetails } from '../simulator/aws/command-record.ts'
import { twoClusters } from '../simulator/worlds.ts'
import { bastion, callsOf, simulated } from './aws-place.ts'

const other = { name: 'other-bastion', instanceId: 'i-0fedcba9876543210', region: 'us-east-1' }
const at = simulated({ ssm: { invisibleCalls: 2, pendingMs: 1 }, bastions: [...twoClusters().bastions, other] })
const bastions = () => ssmBastions(awsClients({ endpoint: at().aws.url }))

async function send(lines: readonly string[], comment = 'hsm-sync 7Q2F.1', to = bastion): Promise<string> {
  const sent = await bastions().send(to, { call: { tool: 'cmu', data: {}, lines }, comment, executionSeconds: 30 })
  if (sent.kind !== 'sent') throw new Error(`not sent: ${sent.problem}`)
  return sent.commandId
}

const settled = (commandId: string) =>
  at()
    .aws.commands()
    .find((command) => command.commandId === commandId)?.finished

/** The first answer once SSM shows the command. */
async function look(commandId: string): Promise<Invocation> {
  for (;;) {
    const found = await bastions().look(bastion, commandId)
    if (found.kind !== 'invisible') return found
  }
}

describe('a look at a command', () => {
  it('is invisible at first, and shows then', async () => {
    const commandId = await send(['true'])
    await expect(bastions().look(bastion, commandId)).resolves.toEqual({ kind: 'invisible' })
    await expect(bastions().look(bastion, commandId)).resolves.toEqual({ kind: 'invisible' })
    await settled(commandId)
    await expect(bastions().look(bastion, commandId)).resolves.toHaveProperty('kind', 'ended')
  })

  it('stays invisible when there is none of that id', async () => {
    await expect(bastions().look(bastion, '0e5ba1f0-4d2f-4d7e-9d55-a0e0a4a1a1a1')).resolves.toEqual({
      kind: 'invisible',
    })
  })

  it.each([
    ['Success', 0],
    ['Failed', 3],
  ])('brings what the script printed: %s', async (status, code) => {
    const commandId = await send(["printf 'first\\nsecond'", 'echo trouble >&2', `exit ${code}`])
    await settled(commandId)
    await expect(look(commandId)).resolves.toEqual({
      kind: 'ended',
      status,
      output: 'first\nsecond',
      complaint: expect.stringMatching(/^trouble/),
    })
  })

  it('waits while the script runs', async () => {
    const commandId = await send(['sleep 20'])
    await until(() => at().aws.commands()[0]?.startedAt, 'the start of the script')
    await expect(look(commandId)).resolves.toEqual({ kind: 'waiting', status: 'In Progress' })
  })

  it('brings the first 24,000 characters of a long output, as SSM cuts it', async () => {
    const commandId = await send([`head -c 30000 /dev/zero | tr '\\0' x`])
    await settled(commandId)
    const found = await look(commandId)
    expect(found).toMatchObject({ kind: 'ended', status: 'Success' })
    expect(found).not.toHaveProperty('executed')
    expect(found).toHaveProperty('output.length', 24_000)
    expect(found).toHaveProperty('output', expect.stringMatching(/^x+--output truncated--$/))
  })

  it.each<[StatusDetails, object]>([
    ['Delivery Timed Out', { kind: 'ended' }],
    ['Undeliverable', { kind: 'ended' }],
    ['Invalid Platform', { kind: 'ended' }],
    ['Access Denied', { kind: 'ended' }],
    ['Terminated', { kind: 'ended' }],
    ['Success', { kind: 'ended' }],
    ['Failed', { kind: 'ended' }],
    ['Execution Timed Out', { kind: 'ended' }],
    ['Cancelled', { kind: 'ended' }],
    ['Pending', { kind: 'waiting' }],
    ['In Progress', { kind: 'waiting' }],
    ['Delayed', { kind: 'waiting' }],
    ['Cancelling', { kind: 'waiting' }],
  ])('reads %s', async (status, expected) => {
    at().aws.fault({ operation: 'SendCommand', statusDetails: status })
    const commandId = await send(['true'])
    await until(() => (at().aws.commands()[0]?.statusDetails === status ? true : undefined), status)
    await expect(look(commandId)).resolves.toMatchObject({ ...expected, status })
  })

  const always = { operation: 'GetCommandInvocation', times: 99 }
  it.each<[string, AwsFaultRule]>([
    ['denied', { ...always, errorType: 'AccessDeniedException' }],
    ['throttled', { ...always, errorType: 'ThrottlingException' }],
    ['500', { ...always, errorType: 'InternalServerError', status: 500 }],
    ['broken', { ...always, unreachable: true }],
  ])('is unreachable while it is %s: that says nothing about the command', async (_, fault) => {
    const commandId = await send(['true'])
    at().aws.fault(fault)
    await expect(bastions().look(bastion, commandId)).resolves.toMatchObject({ kind: 'unreachable' })
  })
})

describe('finding a command by its comment', () => {
  const since = () => Date.now() - 60_000
  /** Commands that SSM accepts and nobody executes. */
  async function sendMany(count: number, commentOf: (number: number) => string) {
    at().aws.fault({ operation: 'SendCommand', times: count, statusDetails: 'Undeliverable' })
    for (let number = 0; number < count; number++) await send(['true'], commentOf(number))
  }

  it('finds the oldest of 120, over three pages', async () => {
    const wanted = await send(['true'], 'hsm-sync 7Q2F.1')
    await sendMany(119, (number) => `hsm-sync OTHER.${number}`)
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', since())).resolves.toBe(wanted)
    expect(callsOf(at(), 'ListCommands')).toHaveLength(3)
  })

  it('takes no command whose comment only begins or ends alike, or differs in case', async () => {
    const comments = ['hsm-sync 7Q2F.10', 'x hsm-sync 7Q2F.1', 'HSM-SYNC 7q2f.1', 'hsm-sync 7Q2F.1 ']
    await sendMany(comments.length, (number) => comments[number] ?? '')
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', since())).resolves.toBeUndefined()
  })

  it('takes no command of another bastion', async () => {
    await send(['true'], 'hsm-sync 7Q2F.1', { ...bastion, instanceId: other.instanceId })
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', since())).resolves.toBeUndefined()
  })

  it('looks no further back than asked', async () => {
    const wanted = await send(['true'])
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', Date.now() + 60_000)).resolves.toBeUndefined()
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', Date.now() - 5_000)).resolves.toBe(wanted)
  })

  it('finds what was sent although the answer was lost', async () => {
    at().aws.fault({ operation: 'SendCommand', after: true })
    await expect(send(['true'])).rejects.toThrow('not sent')
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', since())).resolves.toBe(at().aws.commands()[0]?.commandId)
  })

  it.each<[string, Partial<AwsFaultRule>]>([
    ['denied', { errorType: 'AccessDeniedException' }],
    ['throttled', { errorType: 'ThrottlingException' }],
    ['broken', { unreachable: true }],
  ])('throws when it could not look (%s): absence must be proved', async (_, fault) => {
    await send(['true'])
    at().aws.fault({ operation: 'ListCommands', times: 99, ...fault })
    await expect(bastions().find(bastion, 'hsm-sync 7Q2F.1', since())).rejects.toThrow()
  })
})
