import { createHash } from 'node:crypto';
import { type DeniableToken, type Denylist, isCurrentVersion } from '@sess/core/store';
import {
  createDenylistStatements,
  type DenylistDialect,
  type DenylistStatements,
  type DenylistTables,
  operationId,
  SESSION,
  TOKEN,
} from './statements.js';

const TAG_LENGTH = 16;

export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | null;

/** A denylist on SQL tables. */
export interface SqlDenylist extends Denylist {
  /** Creates the tables that are missing; a no-op if they exist. */
  migrate(): Promise<void>;
  /** Deletes what has run out: for schedulers. */
  sweep(): Promise<void>;
}

/** What a denylist needs of a database. */
export interface DenylistPort {
  readonly dialect: DenylistDialect;
  /** Writes a parameter by its number, from 1. */
  parameter(index: number): string;
  /** Runs one statement that only reads. */
  read(text: string, values: readonly Value[]): Promise<readonly Row[]>;
  /** Runs statements in one transaction and returns the rows of the last. */
  write(statements: readonly (readonly [string, readonly Value[]])[]): Promise<readonly Row[]>;
  migrate(tables: readonly string[]): Promise<void>;
}

/**
 * Creates a denylist on two tables. A check is one read by primary key; every change locks the subject's row first.
 *
 * @param options.timeoutMs after which the engine gives up on a call
 */
export function createSqlDenylist(
  port: DenylistPort,
  options: {
    readonly tables: DenylistTables;
    readonly schema: readonly string[];
    readonly timeoutMs: number;
  },
): SqlDenylist {
  const { tables, schema, timeoutMs } = options;
  const statements = createDenylistStatements(tables, port.dialect);

  function write(
    name: keyof DenylistStatements,
    values: readonly Value[],
  ): Promise<readonly Row[]> {
    return port.write(statements[name].map((text) => bind(text, values)));
  }

  /** Renumbers the parameters of a statement in order of use, since databases refuse gaps. */
  function bind(text: string, values: readonly Value[]): readonly [string, readonly Value[]] {
    const used: Value[] = [];
    const bound = text.replace(/\s+/g, ' ').replace(/\?(\d+)/g, (_match, index: string) => {
      used.push(values[Number(index) - 1] ?? null);
      return port.parameter(used.length);
    });
    return [bound, used];
  }

  function isRefused(row: Row | undefined, token: DeniableToken): boolean {
    if (row === undefined || Number(row['named']) > 0) return true;
    const { except_sid: except, except_from: exceptFrom, version } = row;
    const watermark = {
      version: Number(version),
      ...(typeof except === 'string' ? { except } : {}),
      ...(exceptFrom === null || exceptFrom === undefined
        ? {}
        : { exceptFrom: Number(exceptFrom) }),
    };
    return !isCurrentVersion(watermark, token);
  }

  return {
    timeout: timeoutMs,
    isLocal: false,
    async currentVersion(tag, ttlMs) {
      return Number((await write('currentVersion', [tag, ttlMs]))[0]?.['version']);
    },
    async isDenied(token, at) {
      const { sid, jti } = token;
      const values = [
        sid.slice(0, TAG_LENGTH),
        keyOf(TOKEN, jti),
        keyOf(SESSION, sid),
        Math.floor(at),
      ];
      const [text = '', used = []] = bind(statements.check[0] ?? '', values);
      const [row] = await port.read(text, used);
      return isRefused(row, token) || typeof row?.['successor'] === 'string';
    },
    async deny(tag, denials, ttlMs) {
      const lists = denials.map(({ kind, id, from = 0 }) => {
        const values = [
          tag,
          ttlMs,
          keyOf(kind === 'token' ? TOKEN : SESSION, id),
          Math.floor(from),
        ];
        return statements.deny.map((text) => bind(text, values));
      });
      await port.write(lists.flat());
    },
    async denyAll(tag, { except, operation, ttlMs }) {
      await write('denyAll', [tag, ttlMs, except ?? null, operationId(operation)]);
    },
    async supersede(token, { at, successor, ttlMs }) {
      const { sid, jti, version } = token;
      const tag = sid.slice(0, TAG_LENGTH);
      const [row] = await write('supersede', [
        ...[tag, ttlMs, keyOf(TOKEN, jti), successor],
        ...[keyOf(SESSION, sid), Math.floor(at), sid, version],
      ]);
      const named = row?.['successor'];
      if (isRefused(row, token) || typeof named !== 'string') return undefined;
      return { successor: named, version: Number(row?.['version']) };
    },
    async ready() {
      await port.read(`SELECT tag FROM ${tables.watermark} WHERE tag = ''`, []);
    },
    // The client is the caller's.
    async close() {},
    migrate: () => port.migrate(schema),
    async sweep() {
      await port.write(statements.sweep.map((text) => [text, []]));
    },
  };
}

/** Ids of foreign tokens may be any text; columns take short ASCII only. */
function keyOf(kind: string, id: string): string {
  if (/^[\w.-]{1,80}$/.test(id)) return kind + id;
  // Escaped, so that two ill-formed texts do not become one.
  return `${kind}#${createHash('sha256').update(JSON.stringify(id)).digest('base64url')}`;
}
