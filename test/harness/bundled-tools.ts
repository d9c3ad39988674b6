import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const TOOLS = ['cmu/cmu.mjs', 'cli/cli.mjs', 'configure/configure-cli.mjs', 'aws.mjs']

/**
 * Every simulated tool as one file, for all test files of a run: they start by the thousand, and a third of that is
 * looking for their modules. The bastions find them by SIM_TOOLS. vitest (and the demo) call this before the first, and
 * what it answers after the last.
 */
export async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'simulated-tools-'))
  const bin = fileURLToPath(new URL('../simulator/bin/', import.meta.url))
  await build({
    entryPoints: TOOLS.map((tool) => join(bin, tool)),
    outdir: folder,
    outbase: bin,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  })
  process.env.SIM_TOOLS = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
