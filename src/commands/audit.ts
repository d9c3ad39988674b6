import { rowsSince, verifyChain } from '../adapters/store/audit-chain.ts'
import { openBeside } from '../adapters/store/open-database.ts'

const USAGE = `usage: node dist/main.js audit verify [--anchor <the first 16 or more characters of a hash that you kept>]
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
  const anchor = option === '--anchor' && /^[0-9a-f]{16,64}$/.test(value ?? '') ? value : undefined
  const isVerify = verb === 'verify' && (option === undefined || anchor !== undefined) && rest.length === 0
  if (!isExport && !isVerify) {
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
    const { rows, lastHash, broken, anchoredAt } = await verifyChain(db, anchor)
    if (broken) {
      print(`BROKEN at row ${broken.seq}: ${broken.problem}. The ${rows} rows before it hold.`)
      return 1
    }
    print(`whole: ${rows} rows, the last hash is ${lastHash}`)
    if (anchor === undefined) return 0
    print(
      anchoredAt === undefined
        ? `CUT OFF: no row has the hash ${anchor}. Rows that were there are gone, or it is of another database.`
        : `anchored: the hash ${anchor} is that of row ${anchoredAt}`,
    )
    return anchoredAt === undefined ? 1 : 0
  } finally {
    await db.destroy()
  }
}
