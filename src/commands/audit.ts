import { rowsSince, verifyChain } from '../adapters/store/audit-chain.ts'
import { openBeside } from '../adapters/store/open-database.ts'

const USAGE = `usage: node dist/main.js audit verify
       node dist/main.js audit export [--since <date or date and time, such as 2026-11-01 or 2026-11-01T12:00:00Z>]`

/**
 * `audit verify` and `audit export`: for the auditor, beside a running bot. Answers the exit code: 0 whole, 1 broken, 2
 * wrong words.
 */
export async function auditCommand(
  words: readonly string[],
  databaseUrl: string,
  print: (line: string) => void,
): Promise<number> {
  const [verb, option, value, ...rest] = words
  const since = option === undefined ? 0 : /^\d{4}-\d\d-\d\d/.test(value ?? '') ? Date.parse(value ?? '') : Number.NaN
  const isExport =
    verb === 'export' && (option === undefined || (option === '--since' && !Number.isNaN(since))) && rest.length === 0
  if (!isExport && !(verb === 'verify' && option === undefined)) {
    print(USAGE)
    return 2
  }
  const { db } = await openBeside(databaseUrl)
  try {
    if (isExport) {
      for await (const { facts, ...row } of rowsSince(db, since))
        print(JSON.stringify({ ...row, facts: JSON.parse(facts) }))
      return 0
    }
    const { rows, lastHash, broken } = await verifyChain(db)
    if (broken) print(`BROKEN at row ${broken.seq}: ${broken.problem}. The ${rows} rows before it hold.`)
    else print(`whole: ${rows} rows, the last hash is ${lastHash}`)
    return broken ? 1 : 0
  } finally {
    await db.destroy()
  }
}
