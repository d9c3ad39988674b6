import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/adapters/store/open-database.ts'
import { startPostgres } from '../contract/postgres-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database of the one server: whoever wants one of their own asks there. */
    readonly postgres: string
  }
}

/** Every database but an empty one is a copy of this: the schema is made once. */
const TEMPLATE = 'with_schema'

/**
 * One PostgreSQL for all test files of a run; vitest calls this before the first of them, and what it answers after the
 * last.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  const first = await server.createDatabase()
  const template = await createdAt(first, TEMPLATE)
  const { db } = await openDatabase(template)
  await db.destroy()
  project.provide('postgres', first)
  return () => server.stop()
}

/** A database of its own for one test, with the bot's schema and nothing in it; its URL as DATABASE_URL takes it. */
export function newPostgres(): Promise<string> {
  return createdAt(inject('postgres'), `test_${randomUUID().replaceAll('-', '')}`, TEMPLATE)
}

/** One without any schema, as an operator creates it. */
export function emptyPostgres(): Promise<string> {
  return createdAt(inject('postgres'), `test_${randomUUID().replaceAll('-', '')}`)
}

async function createdAt(url: string, name: string, template = 'template1'): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`create database ${name} template ${template}`)
  } finally {
    await client.end()
  }
  const made = new URL(url)
  made.pathname = `/${name}`
  return made.href
}
