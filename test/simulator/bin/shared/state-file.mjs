// The state of the world: a JSON snapshot and a journal of what the tools did since. A tool appends one line before it
// says "success", so that a SIGKILL can only lose what was not yet acknowledged, and 3,300 keys cost 3,300 short lines.

import { closeSync, fstatSync, openSync, readFileSync, readSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { createLock } from './lock.mjs'

/** A handle on the state file; several processes may hold one at the same time. */
export function openState(path) {
  const lock = createLock(`${path}.lock`)
  let state
  let journal
  let offset = 0

  function load() {
    if (journal !== undefined) closeSync(journal)
    state = JSON.parse(readFileSync(path, 'utf8'))
    journal = openSync(journalPath(path, state.generation), 'a+')
    offset = 0
    readTail()
  }

  function readTail() {
    const size = fstatSync(journal).size
    if (size === offset) return
    const bytes = Buffer.alloc(size - offset)
    readSync(journal, bytes, 0, bytes.length, offset)
    offset = size
    for (const line of bytes.toString('utf8').split('\n')) if (line !== '') applyEntry(state, JSON.parse(line))
  }

  function refresh() {
    // An unlinked journal means that somebody wrote a new snapshot.
    if (journal === undefined || fstatSync(journal).nlink === 0) load()
    else readTail()
    return state
  }

  return {
    /** The state now. Treat it as read-only. */
    read() {
      return lock.hold(refresh)
    },
    /** Runs `change(state, record)` alone; each recorded entry is on disk when it returns. */
    transaction(change) {
      return lock.hold(() => {
        const record = (entry) => {
          writeFileSync(journal, `${JSON.stringify(entry)}\n`)
          readTail()
        }
        return change(refresh(), record)
      })
    },
    /** Writes a new snapshot after `change` has altered a private copy of the state. */
    update(change) {
      lock.hold(() => {
        const next = structuredClone(refresh())
        change(next)
        next.generation = state.generation + 1
        writeSnapshot(path, next)
        unlinkSync(journalPath(path, state.generation))
        load()
      })
    },
    close() {
      if (journal !== undefined) closeSync(journal)
      journal = undefined
      lock.close()
    },
  }
}

/** Writes the snapshot and its empty journal. */
export function writeSnapshot(path, state) {
  writeFileSync(journalPath(path, state.generation), '')
  writeFileSync(`${path}.next`, JSON.stringify(state))
  renameSync(`${path}.next`, path)
}

function journalPath(path, generation) {
  return `${path}.journal.${generation}`
}

function applyEntry(state, entry) {
  if (entry.kind === 'fault') {
    state.toolFaults[entry.index].seen = entry.seen
    return
  }
  const hsm = findHsm(state, entry.hsm)
  if (entry.kind === 'user') hsm.users.push(entry.user)
  if (entry.kind === 'key') hsm.keys.push(entry.key)
  if (entry.kind === 'login-failures') {
    const user = hsm.users.find((candidate) => candidate.id === entry.userId)
    user.loginFailures = entry.count
  }
}

function findHsm(state, hsmId) {
  for (const cluster of state.clusters) for (const hsm of cluster.hsms) if (hsm.hsmId === hsmId) return hsm
  throw new Error(`no HSM ${hsmId} in the state file`)
}
