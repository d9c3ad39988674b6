import { createServer } from 'node:http'
import { afterEach, beforeEach, vi } from 'vitest'
import type { BastionFacts } from '../../src/domain/spec.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import { twoClusters } from '../simulator/worlds.ts'

/** A simulator per test, with its credentials where the SDK looks for them. */
export function simulated(overrides: Partial<WorldSpec> = {}): () => Simulator {
  let simulator: Simulator
  beforeEach(async () => {
    simulator = await startSimulator({ world: twoClusters(overrides) })
    for (const [name, value] of Object.entries(simulator.environment())) {
      if (name.startsWith('AWS_') && name !== 'AWS_ENDPOINT_URL') vi.stubEnv(name, value)
    }
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await simulator.stop()
  })
  return () => simulator
}

/** The calls of one operation that reached AWS. */
export function callsOf(simulator: Simulator, operation: string) {
  return simulator.aws.calls.filter((call) => call.operation === operation)
}

export interface ScriptedAnswer {
  readonly status?: number
  readonly body: string
}

/**
 * An endpoint that gives these answers in this order, then the last one for ever; for what the simulator is too
 * well-behaved to say.
 */
export async function scripted(answers: readonly ScriptedAnswer[]) {
  let asked = 0
  let connections = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const answer = answers[Math.min(asked, answers.length - 1)]
      asked++
      response.writeHead(answer?.status ?? 200, { 'content-type': 'application/x-amz-json-1.1' }).end(answer?.body)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    asked: () => asked,
    connections: () => connections,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const bastion: BastionFacts = {
  name: 'us-bastion',
  instanceId: 'i-0123456789abcdef0',
  region: 'us-east-1',
  binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util',
  configPath: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg',
  stateDir: '/var/lib/cloudhsm-sync',
  workDir: '/dev/shm',
  credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
}
