// Stands in for `@photostructure/sqlite` in a bot whose death is planned (kill-points.mjs): the same database, only
// that each commit, and each write outside a transaction, is a moment to die.
import { DatabaseSync as Real } from '@photostructure/sqlite'

const { before, after } = globalThis.killPoints

export class DatabaseSync extends Real {
  prepare(sql) {
    const statement = super.prepare(sql)
    for (const method of ['run', 'all', 'get']) {
      const real = statement[method].bind(statement)
      const value = (...args) => {
        const counts = before(sql, this.isTransaction)
        const answer = real(...args)
        if (counts) after(sql)
        return answer
      }
      Object.defineProperty(statement, method, { value })
    }
    return statement
  }
}
