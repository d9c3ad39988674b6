// Preloaded into the bot (node --import): counts its effect boundaries and kills it, with SIGKILL, exactly at one of
// them.
//   KILL_AT=<regular expression>  die at the n-th boundary whose name it matches; unset: never
//   KILL_NTH=<n>                  default 1
//   KILL_LOG=<file>               one line per boundary: its name
// A boundary is the moment before and the moment after each store write that can be seen from outside (a commit, or a
// write of its own), each AWS call and each Slack call. Bookkeeping of leases is no effect, and of the polls for one
// SSM command only the first is counted: the others are the same.
import { appendFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire, register, syncBuiltinESMExports } from 'node:module'

const killAt = process.env.KILL_AT === undefined ? undefined : new RegExp(process.env.KILL_AT)
let left = Number(process.env.KILL_NTH ?? 1)
const log = process.env.KILL_LOG
const polled = new Set()

function boundary(what) {
  if (log) appendFileSync(log, `${what}\n`)
  if (killAt?.test(what) && --left === 0) process.kill(process.pid, 'SIGKILL')
}

// Slack: native fetch.
const realFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input)
  const what = `slack ${url.replace(/^https?:\/\/[^/]+/, '').replace(/\d{6,}/g, 'N')}`
  boundary(`before ${what}`)
  const answer = await realFetch(input, init)
  boundary(`after ${what}`)
  return answer
}

// AWS: node:http, with the operation in a header.
const realRequest = http.request
http.request = (...args) => {
  const headers = args.find((arg) => arg?.headers)?.headers ?? {}
  const operation = headers['x-amz-target'] ?? headers['X-Amz-Target']
  const request = realRequest(...args)
  if (!operation) return request
  let body = ''
  const realEnd = request.end.bind(request)
  const realWrite = request.write.bind(request)
  request.write = (chunk, ...rest) => {
    body += chunk
    return realWrite(chunk, ...rest)
  }
  let counted = true
  request.end = (chunk, ...rest) => {
    if (chunk && typeof chunk !== 'function') body += chunk
    const command = /"CommandId":"([^"]+)"/.exec(String(body))?.[1]
    if (operation.endsWith('GetCommandInvocation')) {
      counted = !polled.has(command)
      polled.add(command)
    }
    if (counted) boundary(`before aws ${operation}`)
    return realEnd(chunk, ...rest)
  }
  request.prependOnceListener('response', (response) => {
    response.once('end', () => {
      if (counted) boundary(`after aws ${operation}`)
    })
  })
  return request
}
syncBuiltinESMExports()

// The store: commits, and writes outside a transaction.
const isLeaseWork = (sql) =>
  /set "(paint_holder|paint_until|lease_holder|lease_until|paint_after|painted_version)"/.test(sql) ||
  /"inbox" where "at"/.test(sql)
const isWrite = (sql) => /^\s*(insert|update|delete)\b/i.test(sql)
const short = (sql) => sql.replace(/\s+/g, ' ').slice(0, 60)

globalThis.killPoints = {
  before: (sql, isInTransaction) => {
    const counts = /^\s*commit/i.test(sql) || (isWrite(sql) && !isInTransaction && !isLeaseWork(sql))
    if (counts) boundary(`before store ${short(sql)}`)
    return counts
  },
  after: (sql) => boundary(`after store ${short(sql)}`),
}
// Its classes cannot be changed, so another module takes its place.
const hook = `export const resolve = (name, context, next) =>
  name === '@photostructure/sqlite' && !context.parentURL?.endsWith('kill-points-sqlite.mjs')
    ? { url: ${JSON.stringify(new URL('kill-points-sqlite.mjs', import.meta.url).href)}, shortCircuit: true }
    : next(name, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

// The bot's own: tests bring another copy.
const pg = createRequire(new URL('../../package.json', import.meta.url))('pg')
const realQuery = pg.Client.prototype.query
pg.Client.prototype.query = function query(config, ...rest) {
  const sql = typeof config === 'string' ? config : (config?.text ?? '')
  const verb = /^\s*(\w+)/.exec(sql)?.[1]?.toLowerCase()
  if (verb === 'begin' || verb === 'start') this.inTransaction = true
  const counts = verb === 'commit' || (isWrite(sql) && !this.inTransaction && !isLeaseWork(sql))
  if (verb === 'commit' || verb === 'rollback') this.inTransaction = false
  if (!counts) return realQuery.call(this, config, ...rest)
  boundary(`before store ${short(sql)}`)
  const answer = realQuery.call(this, config, ...rest)
  if (typeof answer?.then === 'function')
    return answer.then((value) => {
      boundary(`after store ${short(sql)}`)
      return value
    })
  return answer
}
