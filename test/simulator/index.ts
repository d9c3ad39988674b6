import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AwsSimulator, fakeCredentials, startAws } from './aws/aws-simulator.ts'
import { runScript, type ScriptOrder, type ScriptRun } from './bastion/agent.ts'
import { type BastionFiles, type BastionPaths, createBastionFiles, createToolFolder } from './bastion/bastion-files.ts'
import { InMemoryBastion } from './bastion/in-memory.ts'
import { type LoginRecord, readLogins } from './bastion/logins.ts'
import { readSessions, type SessionRecord } from './bastion/sessions.ts'
import { isJson, parseJson, textAt } from './json.ts'
import { type SlackSimulator, startSlack } from './slack/slack-simulator.ts'
import { createWorld, type World } from './world/world.ts'
import type { WorldSpec } from './world/world-spec.ts'

export interface SimulatorOptions {
  /** Chooses the tools' dialect and everything else that the documents leave open. Default 1. */
  readonly seed?: number
  /** Path of manifest.yml: scopes, commands and events are then enforced from it. */
  readonly manifest?: string
  readonly world: WorldSpec
  /** `in memory`: no shell and no tool is started. Default: the real scripts under a real shell. */
  readonly bastions?: 'real' | 'in memory'
}

export interface Simulator {
  readonly slack: SlackSimulator
  readonly aws: AwsSimulator
  readonly world: World
  /** Holds the state file, the bastions' file systems and the recordings. */
  readonly directory: string
  readonly binDirectory: string
  bastionPaths(name: string): BastionPaths
  /** What the bot needs to find this world instead of the real one; all values are fake. */
  environment(options?: { socketMode?: boolean }): Record<string, string>
  /** Every process record of a tool: argument vector, environment, neighbours. */
  recordings(): ProcessRecording[]
  /** What the bastions have counted of failed logins is forgotten. */
  forgetFailedLogins(): void
  /** Sessions of CMU and CloudHSM CLI with the commands they were given, oldest first. */
  sessions(): SessionRecord[]
  /** Every attempt of a tool to log in, oldest first. */
  logins(): LoginRecord[]
  /** Everything that Slack, AWS and the tools found wrong. */
  violations(): string[]
  stop(): Promise<void>
}

export interface ProcessRecording {
  readonly tool: string
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly neighbours: readonly (readonly string[])[]
}

/** Starts a Slack workspace, AWS endpoints, bastions and HSMs on this machine's loopback interface. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const seed = options.seed ?? 1
  const spec = options.world
  const directory = mkdtempSync(join(tmpdir(), 'cloudhsm-simulator-'))
  const world = createWorld(spec, directory, seed)
  const bastions = new Map<string, BastionFiles>()
  const inMemory: InMemoryBastion[] = []
  const runs = new Map<string, (order: ScriptOrder) => ScriptRun>()
  const firstIp = spec.clusters[0]?.hsms[0]?.ip ?? '10.0.0.1'
  for (const bastion of spec.bastions) {
    const files = createBastionFiles(directory, bastion, firstIp)
    bastions.set(bastion.instanceId, files)
    if (options.bastions === 'in memory') {
      const played = new InMemoryBastion(files, world, bastion.instanceId)
      inMemory.push(played)
      runs.set(bastion.instanceId, (order) => played.run(order))
    } else runs.set(bastion.instanceId, (order) => runScript(files, order))
  }
  const aws = await startAws({
    world,
    bastions: runs,
    invisibleCalls: spec.ssm?.invisibleCalls ?? 1 + (seed % 2),
    invisibleMs: spec.ssm?.invisibleMs ?? 0,
    pendingMs: spec.ssm?.pendingMs ?? 20,
  })
  const slack = await startSlack({ spec: spec.slack, ...(options.manifest ? { manifest: options.manifest } : {}) })

  return {
    slack,
    aws,
    world,
    directory,
    binDirectory: createToolFolder(directory),
    bastionPaths(name) {
      const bastion = spec.bastions.find((candidate) => candidate.name === name)
      const files = bastions.get(bastion?.instanceId ?? '')
      if (files === undefined) throw new Error(`no bastion ${name} in this world`)
      const { platform, binary, config, cli, configure, cliConfig, stateDir, workDir } = files
      return { platform, binary, config, cli, configure, cliConfig, stateDir, workDir }
    },
    environment(environment = {}) {
      return {
        ...slack.environment(environment.socketMode === true),
        ...fakeCredentials,
        AWS_ENDPOINT_URL: aws.url,
        AWS_REGION: spec.bastions[0]?.region ?? 'us-east-1',
      }
    },
    forgetFailedLogins() {
      for (const { stateDir } of bastions.values())
        rmSync(join(stateDir, 'failed-logins'), { recursive: true, force: true })
      for (const played of inMemory) played.forgetFailedLogins()
    },
    recordings: () => readRecordings(directory),
    sessions: () => readSessions(directory),
    logins: () => readLogins(directory),
    violations: () => [...slack.violations, ...aws.violations, ...readToolViolations(directory)],
    async stop() {
      await slack.stop()
      await aws.stop()
      world.close()
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}

function readRecordings(directory: string): ProcessRecording[] {
  const folder = join(directory, 'recordings')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessRecording)
}

function readToolViolations(directory: string): string[] {
  const file = join(directory, 'violations.ndjson')
  if (!existsSync(file)) return []
  const entries = readFileSync(file, 'utf8').split('\n').map(parseJson).filter(isJson)
  return entries.map((entry) => `${textAt(entry, 'tool') ?? ''}: ${textAt(entry, 'text') ?? ''}`)
}
