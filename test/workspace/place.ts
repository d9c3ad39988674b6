import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { setup as bundleTools } from '../harness/bundled-tools.ts'
import { type Stage, startStage } from '../harness/stage.ts'
import { hsm2mClusters, twoClusters } from '../simulator/worlds.ts'
import { leversOf } from './levers.ts'
import { menuOf } from './seen-by.ts'
import { type Page, serveWorkspace } from './server.ts'

export interface WorkspacePlace {
  readonly url: string
  readonly stage: Stage
  stop(): Promise<void>
}

export interface WorkspaceOptions {
  readonly engine?: 'cmu' | 'cloudhsm-cli'
  readonly seed?: number
  readonly port?: number
  /** The route is compared by itself. */
  readonly isWatched?: boolean
}

const MANIFEST = new URL('../../manifest.yml', import.meta.url)
const PAGE = new URL('page/', import.meta.url)

/** The real bot with all that is simulated around it, and a page that plays Slack on top. */
export async function startWorkspace(options: WorkspaceOptions = {}): Promise<WorkspacePlace> {
  const { engine = 'cloudhsm-cli', seed = 1, port = 0, isWatched = false } = options
  const removeTools = await bundleTools()
  const [page, manifest] = await Promise.all([bundledPage(), readFile(MANIFEST, 'utf8')])
  const stage = await startStage({
    seed,
    world: engine === 'cmu' ? twoClusters() : hsm2mClusters({ dialect: { cliInteractive: 'prompts' } }),
    cryptoUsers: engine === 'cmu' ? [] : ['crypto_user1'],
    route: isWatched ? ['watch: { every: 1h }'] : [],
  }).catch((error: unknown) => {
    removeTools()
    throw error
  })
  const levers = leversOf(stage, isWatched)
  const server = await serveWorkspace({ stage, levers, menu: menuOf(manifest) }, page, port).catch(async (error) => {
    await stage.stop()
    removeTools()
    throw error
  })
  return {
    url: server.url,
    stage,
    stop: async () => {
      await server.stop()
      await stage.stop()
      removeTools()
    },
  }
}

async function bundledPage(): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('main.tsx', PAGE))],
    outdir: 'page',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    jsx: 'automatic',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  })
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? ''
  const html = await readFile(new URL('index.html', PAGE), 'utf8')
  return { html, script: text('.js'), style: text('.css') }
}
