// Preloaded into the bot (node --import): from the moment a file exists, its clock and its waits run faster. What would
// take it minutes can then be watched in seconds.
//   FAST_CLOCK_FROM=<file>  begins when this file exists
//   FAST_CLOCK=<n>          times as fast, default 20
// Only the bot's own clock and sleeps (main.ts): bastions, sockets and limits of single calls keep the real time.
import { existsSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

const from = process.env.FAST_CLOCK_FROM ?? ''
const factor = Number(process.env.FAST_CLOCK ?? 20)
const realNow = Date.now
const realWait = timers.setTimeout
let began

Date.now = () => (began === undefined ? realNow() : Math.round(began + (realNow() - began) * factor))

timers.setTimeout = (ms, value, options) => {
  if (began === undefined && existsSync(from)) began = realNow()
  return realWait(began === undefined ? ms : ms / factor, value, options)
}
syncBuiltinESMExports()
