import { PGlite } from '@electric-sql/pglite';
import type { SessionStore } from '@sess/core/store';
import { postgresStore } from '@sess/sql/postgres';
import pg from 'pg';

/** What the application needs of a client of PostgreSQL: a `pg.Pool` and PGlite have it. */
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export interface OpenDatabase {
  readonly db: Database;
  readonly store: SessionStore;
  close(): Promise<void>;
}

// A larger application has migrations.
const TABLES = [
  `create table if not exists account (
     id uuid primary key default gen_random_uuid(),
     email text not null unique,
     password text not null,
     role text not null check (role in ('member', 'admin')),
     created_at timestamptz not null default now()
   )`,
  `create table if not exists mail_link (
     hash text primary key,
     purpose text not null,
     email text not null,
     expires_at timestamptz not null
   )`,
  'create index if not exists mail_link_email on mail_link (email)',
];

/** A session belongs to an account: deleting the account ends its sessions in the same transaction. */
const users = { table: 'account', type: 'uuid' };

/** Opens PostgreSQL, or one in the memory of this process if there is no URL, and creates missing tables. */
export async function openDatabase(url: string | undefined): Promise<OpenDatabase> {
  const client = url === undefined ? new PGlite() : new pg.Pool({ connectionString: url });
  const db: Database = client;
  for (const table of TABLES) await db.query(table);
  const store = postgresStore(client, { users });
  await store.migrate();
  return { db, store, close: () => ('end' in client ? client.end() : client.close()) };
}
