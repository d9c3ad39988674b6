// A lock between processes that outlives none of them: a hard link is made in one step, and names its owner's process.

import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { block } from './process.mjs'

let count = 0

/** A lock file at `path`; `hold` runs one function at a time across all processes. */
export function createLock(path) {
  const own = `${path}.${process.pid}.${count++}.${process.hrtime.bigint()}`
  writeFileSync(own, String(process.pid))

  function take() {
    for (;;) {
      try {
        linkSync(own, path)
        return
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
        if (!breakIfDead()) block(1)
      }
    }
  }

  function breakIfDead() {
    const owner = ownerOf(path)
    if (owner === undefined || isAlive(owner)) return false
    try {
      renameSync(path, `${own}.dead`)
    } catch {
      return true
    }
    // Between the look and the rename another process may have broken it and taken it: give it back.
    if (ownerOf(`${own}.dead`) !== owner) renameSync(`${own}.dead`, path)
    else unlinkSync(`${own}.dead`)
    return true
  }

  return {
    hold(work) {
      take()
      try {
        return work()
      } finally {
        unlinkSync(path)
      }
    },
    close() {
      unlinkSync(own)
    },
  }
}

function ownerOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
