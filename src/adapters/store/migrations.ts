import { type Kysely, type Migration, type MigrationProvider, sql } from 'kysely'

export type Dialect = 'sqlite' | 'postgres'

/** The schema's history, oldest first. A released migration is never edited. */
export function migrations(dialect: Dialect): MigrationProvider {
  return {
    getMigrations: async () => ({
      '001-first': first(dialect),
      '002-run-rests': runRests(),
      '003-findings': findings(),
      '004-deliveries': deliveries(),
      '005-brake': brake(),
      '006-watches': watches(),
      '007-asked-in': askedIn(),
    }),
  }
}

function first(dialect: Dialect): Migration {
  const up = async (db: Kysely<unknown>) => {
    await db.schema
      .createTable('requests')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('shape', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('is_open', 'integer', (column) => column.notNull())
      .addColumn('destination', 'text', (column) => column.notNull())
      .addColumn('requested_by', 'text', (column) => column.notNull())
      .addColumn('requested_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('doc', 'text', (column) => column.notNull())
      .addColumn('lease_holder', 'text')
      .addColumn('lease_until', 'bigint', (column) => column.notNull().defaultTo(0))
      .addColumn('painted_version', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('paint_holder', 'text')
      .addColumn('paint_until', 'bigint', (column) => column.notNull().defaultTo(0))
      .addColumn('paint_after', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    // One open request per destination, whatever races.
    await sql`create unique index one_open_per_destination on requests (destination) where is_open = 1`.execute(db)
    await sql`create index open_requests on requests (requested_at) where is_open = 1`.execute(db)
    await sql`create index unpainted_requests on requests (paint_after) where painted_version < version`.execute(db)
    await db.schema.createIndex('requests_by_person').on('requests').columns(['requested_by', 'requested_at']).execute()
    await db.schema
      .createTable('steps')
      .addColumn('request_id', 'text', (column) => column.notNull().references('requests.id'))
      .addColumn('n', 'integer', (column) => column.notNull())
      .addColumn('shape', 'integer', (column) => column.notNull())
      .addColumn('doc', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('steps_key', ['request_id', 'n'])
      .execute()
    await db.schema
      .createTable('audit')
      .addColumn('seq', dialect === 'sqlite' ? 'integer' : 'bigserial', (column) =>
        dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey(),
      )
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text')
      .addColumn('facts', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('audit_by_type').on('audit').columns(['type', 'seq']).execute()
    await db.schema.createIndex('audit_by_request').on('audit').columns(['request_id', 'seq']).execute()
    for (const statement of appendOnly(dialect)) await sql.raw(statement).execute(db)
    await db.schema
      .createTable('slots')
      .addColumn('request_id', 'text', (column) => column.notNull().references('requests.id'))
      .addColumn('slot', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('ts', 'text')
      .addColumn('hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('slots_key', ['request_id', 'slot'])
      .execute()
    await db.schema
      .createTable('inbox')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('inbox_by_age').on('inbox').column('at').execute()
  }
  return { up }
}

function runRests(): Migration {
  const up = async (db: Kysely<unknown>) => {
    for (const [name, type] of [
      ['run_tries', 'integer'],
      ['run_after', 'bigint'],
    ] as const)
      await db.schema
        .alterTable('requests')
        .addColumn(name, type, (column) => column.notNull().defaultTo(0))
        .execute()
  }
  return { up }
}

function findings(): Migration {
  const up = async (db: Kysely<unknown>) => {
    await db.schema
      .createTable('findings')
      .addColumn('request_id', 'text', (column) => column.notNull().references('requests.id'))
      .addColumn('n', 'integer', (column) => column.notNull())
      .addColumn('part', 'integer', (column) => column.notNull())
      .addColumn('doc', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('findings_key', ['request_id', 'n', 'part'])
      .execute()
  }
  return { up }
}

function deliveries(): Migration {
  const up = async (db: Kysely<unknown>) => {
    for (const name of ['doc', 'holder'] as const) await db.schema.alterTable('inbox').addColumn(name, 'text').execute()
    for (const [name, type] of [
      ['until', 'bigint'],
      ['tries', 'integer'],
    ] as const)
      await db.schema
        .alterTable('inbox')
        .addColumn(name, type, (column) => column.notNull().defaultTo(0))
        .execute()
    await sql`create index open_deliveries on inbox (at) where doc is not null`.execute(db)
  }
  return { up }
}

function brake(): Migration {
  const up = async (db: Kysely<unknown>) => {
    await db.schema
      .createTable('brake')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('by_whom', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .execute()
  }
  return { up }
}

function watches(): Migration {
  const up = async (db: Kysely<unknown>) => {
    await db.schema
      .createTable('watches')
      .addColumn('route', 'text', (column) => column.primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('doc', 'text', (column) => column.notNull())
      .addColumn('holder', 'text')
      .addColumn('until', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createTable('watch_messages')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('edition', 'integer', (column) => column.notNull())
      .addColumn('doc', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('watch_messages_key', ['route', 'edition'])
      .execute()
  }
  return { up }
}

/** The database itself sees to it that one delivery files one request; what was filed before has no name of it here. */
function askedIn(): Migration {
  const up = async (db: Kysely<unknown>) => {
    await db.schema.alterTable('requests').addColumn('asked_in', 'text').execute()
    await sql`create unique index filed_deliveries on requests (asked_in) where asked_in is not null`.execute(db)
  }
  return { up }
}

/** The audit table takes rows and keeps them: the database itself refuses the rest. */
function appendOnly(dialect: Dialect): readonly string[] {
  if (dialect === 'sqlite') {
    const refusal = `begin select raise(abort, 'the audit record is append-only'); end`
    return [
      `create trigger audit_no_update before update on audit ${refusal}`,
      `create trigger audit_no_delete before delete on audit ${refusal}`,
      // REPLACE removes the old row without the delete trigger (SQLite, lang_conflict).
      `create trigger audit_no_replace before insert on audit when exists (select 1 from audit where seq = new.seq) ${refusal}`,
    ]
  }
  return [
    `create function audit_is_append_only() returns trigger language plpgsql as $$ begin raise exception 'the audit record is append-only'; end $$`,
    'create trigger audit_append_only before update or delete on audit for each row execute function audit_is_append_only()',
    'create trigger audit_no_truncate before truncate on audit for each statement execute function audit_is_append_only()',
  ]
}
