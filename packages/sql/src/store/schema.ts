import { UsageError } from '@sess/core';
import type { UserReference } from './users.js';

/** What the printed schema holds. */
export interface SchemaOptions {
  /** Prefix of the tables. Default: `'sess'`. */
  readonly table?: string;
  /** The table of users, with the column that references it. Default: none. */
  readonly users?: UserReference;
  /** Whether the two tables of the denylist are included. Default: `false`. */
  readonly denylist?: boolean;
}

/** The versions of the tables that a build knows. */
export interface Build {
  readonly version: number;
  /** The oldest build that can use these tables: it stays as long as columns are only added, with a default. */
  readonly oldest: number;
  /** The statements that lead from a version to the next. */
  readonly upgrades: Readonly<Record<number, readonly string[]>>;
}

/** What a migration needs of a database. */
export interface SchemaPort {
  /** For messages. */
  readonly table: string;
  /** Returns the label of the tables, `undefined` if there are none. */
  readLabel(): Promise<string | undefined>;
  /** Creates the tables with the label of this build. Several processes may do so at the same time. */
  create(): Promise<void>;
  /** Runs the statements of an upgrade and writes the label. */
  upgrade(statements: readonly string[], label: string): Promise<void>;
  /** Adds what an option asks for and is missing. */
  extend(): Promise<void>;
}

/** This build. */
export const BUILD: Build = { version: 1, oldest: 1, upgrades: {} };

/** Returns the text that tables of a build carry. */
export function labelOf({ version, oldest }: Omit<Build, 'upgrades'>): string {
  return `sess schema ${version}${oldest === version ? '' : `, for builds from ${oldest}`}`;
}

function parseLabel(label: string): Omit<Build, 'upgrades'> | undefined {
  const match = /^sess schema (\d+)(?:, for builds from (\d+))?$/.exec(label);
  if (match === null) return undefined;
  return { version: Number(match[1]), oldest: Number(match[2] ?? match[1]) };
}

/** Creates the tables, or brings them up to date. */
export async function migrateTables(port: SchemaPort, build: Build = BUILD): Promise<void> {
  let label = await port.readLabel();
  if (label === undefined) {
    await port.create();
    label = await port.readLabel();
  }
  const found = parseLabel(label ?? '');
  if (found === undefined) {
    throw new UsageError(
      'invalid_option',
      `${port.table}: expected a table of @sess/sql, got another one. Name other tables with the option "table".`,
    );
  }
  assertUsable(found, { table: port.table, build });
  for (let version = found.version; version < build.version; version += 1) {
    await upgradeFrom(version, port, build);
  }
  await port.extend();
}

async function upgradeFrom(version: number, port: SchemaPort, build: Build): Promise<void> {
  const next = labelOf({ version: version + 1, oldest: build.oldest });
  try {
    await port.upgrade(build.upgrades[version] ?? [], next);
  } catch (error) {
    // Another process may have been faster.
    const now = parseLabel((await port.readLabel()) ?? '');
    if (now === undefined || now.version <= version) throw error;
  }
}

/**
 * Checks that the tables suit this build, as far as they carry a label: a copy of a database may lack it.
 *
 * @throws {UsageError} `invalid_option`
 */
export function checkLabel(label: string, table: string, build: Build = BUILD): void {
  const found = parseLabel(label);
  if (found === undefined) return;
  assertUsable(found, { table, build });
  if (found.version >= build.version) return;
  throw new UsageError(
    'invalid_option',
    `${table}: expected tables of schema version ${build.version}, got ${found.version}. Run store.migrate().`,
  );
}

function assertUsable(
  found: Omit<Build, 'upgrades'>,
  { table, build }: { readonly table: string; readonly build: Build },
): void {
  if (found.oldest <= build.version) return;
  throw new UsageError(
    'invalid_option',
    `${table}: expected tables of schema version ${build.version} or below, got ${found.version}. Update @sess/sql, or name other tables with the option "table".`,
  );
}
