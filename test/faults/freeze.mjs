// Preloaded into the bot (node --import): stops it, with SIGSTOP, between the statements of a transaction, as a frozen
// or cut-off machine would stand there.
// FREEZE_AT=<file>  the next transaction that writes a step after this file exists is not committed; the file is
// removed
import { unlinkSync } from 'node:fs'
import { createRequire } from 'node:module'

// The bot's own: tests bring another copy.
const pg = createRequire(new URL('../../package.json', import.meta.url))('pg')
const file = process.env.FREEZE_AT
const realQuery = pg.Client.prototype.query

pg.Client.prototype.query = function query(config, ...rest) {
  const sql = typeof config === 'string' ? config : (config?.text ?? '')
  if (/into "steps"/.test(sql)) this.wroteStep = true
  if (/^\s*commit/i.test(sql) && this.wroteStep) {
    this.wroteStep = false
    if (isOurTurn()) process.kill(process.pid, 'SIGSTOP')
  }
  return realQuery.call(this, config, ...rest)
}

function isOurTurn() {
  try {
    unlinkSync(file)
    return true
  } catch {
    return false
  }
}
