import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type BuildStage, execForm, type Instruction, pairsOf } from './dockerfile.ts'

/** The last stage of a Dockerfile, built below a folder. */
export interface ScratchImage {
  /** Stands for the container's `/`. */
  readonly root: string
  /** As the image says it: `/app`. */
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  /** As the image says it: `1000:1000`. */
  readonly user: string | undefined
  readonly entrypoint: readonly string[]
  readonly healthcheck: readonly string[]
}

const RUN_MS = 120_000

/**
 * Takes the very steps of the stages, COPY and RUN, in folders instead of containers: there may be no container engine.
 * The base image is this machine. Throws on an instruction that it does not know, and where a step fails.
 */
export async function buildInFolders(
  stages: readonly BuildStage[],
  { context, place }: { readonly context: string; readonly place: string },
): Promise<ScratchImage> {
  const roots = new Map<string, string>()
  let image: ScratchImage | undefined
  for (const [at, stage] of stages.entries()) {
    const root = join(place, stage.name ?? `stage-${at}`)
    mkdirSync(root, { recursive: true })
    roots.set(stage.name ?? String(at), root)
    image = await buildStage(stage, root, (name) => (name === undefined ? context : (roots.get(name) ?? name)))
  }
  if (!image) throw new Error('a Dockerfile without stages')
  return image
}

/** A path of the image, or a text with one in it, as it is on this machine: `sqlite:/data/bot.sqlite`. */
export function onThisMachine(text: string, root: string): string {
  return text.replaceAll(/(?<=^|[\s:])\/(?=\w)/g, `${root}/`)
}

async function buildStage(
  { instructions }: BuildStage,
  root: string,
  rootOf: (stage: string | undefined) => string,
): Promise<ScratchImage> {
  const image = { root, workdir: '/', env: {}, user: undefined, entrypoint: [], healthcheck: [] }
  let built: ScratchImage = image
  for (const instruction of instructions) {
    built = { ...built, ...said(instruction, built) }
    const folder = join(root, built.workdir)
    if (instruction.word === 'WORKDIR') mkdirSync(folder, { recursive: true })
    if (instruction.word === 'COPY') {
      const stage = instruction.flags.get('from')
      copy(instruction, { from: rootOf(stage), folder, root, isLinked: stage !== undefined })
    }
    if (instruction.word === 'RUN') await run(onThisMachine(instruction.rest, root), folder, built.env)
  }
  return built
}

/** What an instruction says about the image beside its files. */
function said({ word, rest, ...instruction }: Instruction, image: ScratchImage): Partial<ScratchImage> {
  switch (word) {
    case 'WORKDIR':
      return { workdir: resolve(image.workdir, rest) }
    case 'ENV':
      return { env: { ...image.env, ...Object.fromEntries(pairsOf({ word, rest, ...instruction })) } }
    case 'USER':
      return { user: rest }
    case 'ENTRYPOINT':
      return { entrypoint: execForm(rest) ?? [] }
    case 'HEALTHCHECK':
      return { healthcheck: execForm(rest.replace(/^CMD\s+/, '')) ?? [] }
    case 'COPY':
    case 'RUN':
    case 'VOLUME':
    case 'EXPOSE':
      return {}
    default:
      throw new Error(`${word}: this builder does not know it`)
  }
}

interface Copying {
  readonly from: string
  readonly folder: string
  readonly root: string
  /** Folders of a stage that is built get a second name, file by file: nobody changes them any more. */
  readonly isLinked: boolean
}

/** A folder's content, or files into a folder (Dockerfile reference, COPY). */
function copy({ rest }: Instruction, { from, folder, root, isLinked }: Copying): void {
  const words = rest.split(/\s+/)
  const target = words.at(-1) ?? ''
  const place = target.startsWith('/') ? join(root, target) : join(folder, target)
  for (const source of words.slice(0, -1)) {
    const path = join(from, source)
    const isFolder = statSync(path).isDirectory()
    if (!isFolder && !target.endsWith('/')) throw new Error(`COPY ${rest}: write a folder as ${target}/`)
    if (isFolder && isLinked) {
      mkdirSync(place, { recursive: true })
      execFileSync('cp', ['-al', `${path}/.`, place])
    } else cpSync(path, isFolder ? place : join(place, basename(path)), { recursive: true, verbatimSymlinks: true })
  }
}

async function run(command: string, cwd: string, env: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)('/bin/sh', ['-ec', command], { cwd, env: { ...outside(), ...env }, timeout: RUN_MS })
}

/** Without what the test's own npm and vitest have set: npm would work in their folder. */
function outside(): NodeJS.ProcessEnv {
  const kept = ['npm_config_cache', 'npm_config_registry']
  const isOurs = (name: string) => /^(npm_|INIT_CWD|NODE_|VITEST|TEST$)/.test(name) && !kept.includes(name)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)))
  // What an install has brought already is not fetched again.
  return { ...env, npm_config_prefer_offline: 'true' }
}
