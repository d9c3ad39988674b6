import { availableParallelism, cpus } from 'node:os'
import { benchAcks } from './acks.ts'
import { benchCompare } from './compare.ts'
import { benchDispatch } from './dispatch.ts'
import { type Figure, figureLine } from './figures.ts'
import { benchFullStore } from './full-store.ts'
import { benchLargeRun, LARGE_RUNS } from './large-run.ts'
import { benchReplicas } from './replicas.ts'
import { benchStart } from './start.ts'

process.exitCode = await main()
process.exit()

/** Prints figures beside their targets. It judges nothing: a slow machine is no fault of the bot. */
async function main(): Promise<number> {
  if (process.platform !== 'linux') {
    print('The benchmark needs Linux, as the bastion does; a Linux container or virtual machine will do.')
    return 1
  }
  print(`${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`)
  print('The simulator, its bastion and its HSMs run on the same cores as the bot.')
  try {
    section('Start', await benchStart())
    section('Acks', await benchAcks())
    section('Acks under load, replicas on one PostgreSQL', await benchReplicas())
    section('Approval to dispatch, and what stays', await benchDispatch())
    section('A store of many years (SQLite)', await benchFullStore())
    for (const run of LARGE_RUNS) {
      const { figures, remarks } = await benchLargeRun(run)
      section(run.title, figures)
      for (const remark of remarks) print(`  ${remark}`)
    }
    section('Parsing and comparing', benchCompare())
    return 0
  } catch (error) {
    print(`\nThe benchmark stopped: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

function section(title: string, figures: readonly Figure[]): void {
  print(`\n${title}`)
  for (const figure of figures) print(figureLine(figure))
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
