import { parseArgs } from 'node:util'
import { exportedRow, rowsSince, type Since, verifyChain } from '../adapters/store/audit-chain.ts'
import { openBeside } from '../adapters/store/open-database.ts'
import { ocsfEvent } from '../ocsf.ts'

const USAGE = `usage: node dist/main.js audit verify [--anchor <the first 16 or more characters of a hash that you kept>]
       node dist/main.js audit export [--since <date or date and time, such as 2026-11-01 or 2026-11-01T12:00:00Z,
                                                or the number of the last row that you have>] [--format jsonl|ocsf]`

const FORMATS = ['jsonl', 'ocsf'] as const

type Order =
  | { readonly verb: 'verify'; readonly anchor: string | undefined }
  | { readonly verb: 'export'; readonly since: Since; readonly format: (typeof FORMATS)[number] }

/**
 * `audit verify` and `audit export`: for the auditor, beside a running bot. Answers the exit code: 0 whole, 1 broken, 2
 * wrong words.
 */
export async function auditCommand(
  words: readonly string[],
  databaseUrl: string,
  print: (line: string) => void,
): Promise<number> {
  const order = orderOf(words)
  if (!order) {
    print(USAGE)
    return 2
  }
  const { db } = await openBeside(databaseUrl)
  try {
    if (order.verb === 'export') {
      for await (const stored of rowsSince(db, order.since)) {
        const row = exportedRow(stored)
        print(JSON.stringify(order.format === 'ocsf' ? ocsfEvent(row) : row))
      }
      return 0
    }
    const { anchor } = order
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

/** What the words ask for; `undefined` where they cannot be meant so. */
function orderOf(words: readonly string[]): Order | undefined {
  const [verb, ...args] = words
  const options = optionsOf(args)
  if (!options) return undefined
  const { anchor, since = '0', format = 'jsonl' } = options
  if (verb === 'verify') {
    const isMeant = options.since === undefined && options.format === undefined
    return isMeant && (anchor === undefined || /^[0-9a-f]{16,64}$/.test(anchor)) ? { verb, anchor } : undefined
  }
  const begin = sinceOf(since)
  const known = FORMATS.find((name) => name === format)
  return verb === 'export' && anchor === undefined && begin && known ? { verb, since: begin, format: known } : undefined
}

function optionsOf(args: readonly string[]) {
  const options = { anchor: { type: 'string' }, since: { type: 'string' }, format: { type: 'string' } } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch {
    return undefined
  }
}

function sinceOf(text: string): Since | undefined {
  // More digits than any row's number has would be no number for the database.
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) }
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : { at }
}
