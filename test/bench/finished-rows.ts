import { DatabaseSync } from '@photostructure/sqlite'
import { columnsOf } from '../../src/adapters/store/request-rows.ts'
import { requestId, succeeded } from '../contract/sample-request.ts'
import { people } from '../simulator/worlds.ts'

const PEOPLE = 50
/** The first ones are all one person's: a page of them. */
const PAGE = 40
const AUDIT_ROWS = 5
const MINUTE = 60_000

/**
 * Puts finished requests straight into a SQLite store that nobody has open, each with its card and its audit rows. The
 * rows' hashes are no chain: nothing here verifies it.
 */
export function insertFinished(file: string, { from, to }: { readonly from: number; readonly to: number }): void {
  const sample = succeeded(0)
  const facts = JSON.stringify({ digest: sample.digest, outcome: sample.outcome })
  const connection = new DatabaseSync(file)
  connection.exec('pragma synchronous = OFF; begin')
  const request = connection.prepare(
    `insert into requests (id, version, state, is_open, expires_at, shape, doc, destination, requested_by, requested_at, painted_version)
     values (@id, 9, @state, @is_open, @expires_at, @shape, @doc, @destination, @requested_by, @requested_at, 9)`,
  )
  const slot = connection.prepare(`insert into slots values (?, 'card', 'posted', ?, ?)`)
  const audit = connection.prepare(
    `insert into audit (at, type, actor, request_id, facts, hash) values (?, ?, ?, ?, ?, ?)`,
  )
  const insert = () => {
    for (let number = from; number < to; number++) {
      const id = requestId(number)
      const requestedAt = sample.requestedAt + number * MINUTE
      const requestedBy = number < PAGE || number % PEOPLE === 0 ? people.requester : `U0PERSON${number % PEOPLE}`
      const asked = { ...sample, id, requestedAt, requestedBy }
      const destination = asked.spec.destination.clusterId
      request.run({ id, ...columnsOf(asked), destination, requested_by: requestedBy, requested_at: requestedAt })
      slot.run(id, `${Math.floor(requestedAt / 1000)}.000001`, sample.digest)
      for (let row = 0; row < AUDIT_ROWS; row++)
        audit.run(requestedAt + row, row === 0 ? 'requested' : 'ssm-read', requestedBy, id, facts, sample.digest)
    }
  }
  insert()
  connection.exec('commit')
  connection.close()
}
