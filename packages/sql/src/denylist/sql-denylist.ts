import { createHash } from 'node:crypto';
import { tagOf } from '@sess/core/internal';
import { type DeniableToken, type Denylist, isCurrentVersion } from '@sess/core/store';
import type { Row, Value } from '../store/dialect.js';
import type { DatabaseCall } from '../store/errors.js';
import type { TableNames } from '../store/names.js';
import {
  createDenylistStatements,
  type DenylistDialect,
  type DenylistStatements,
  operationId,
  SESSION,
  TOKEN,
} from './statements.js';

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
  readonly names: TableNames;
  /** Milliseconds after which the engine gives up on a call. */
  readonly timeout: number;
  readonly call: DatabaseCall;
  /** Runs one statement that only reads. */
  read(text: string, values: readonly Value[]): Promise<readonly Row[]>;
  /** Runs statements in one transaction and returns the rows of the last. */
  write(statements: readonly BoundText[]): Promise<readonly Row[]>;
  migrate(): Promise<void>;
  /** Closes what the denylist opened. */
  close?(): void;
}

type BoundText = readonly [text: string, values: readonly Value[]];

/** Creates a denylist on two tables. A check is one read by primary key; every change locks the subject's row first. */
export function createSqlDenylist(port: DenylistPort): SqlDenylist {
  const { names, dialect, call } = port;
  const statements = createDenylistStatements(names, dialect);

  function write(
    name: keyof DenylistStatements,
    values: readonly Value[],
  ): Promise<readonly Row[]> {
    return send(statements[name].map((text) => bind(text, values)));
  }

  function send(list: readonly BoundText[]): Promise<readonly Row[]> {
    return call('denylist', () => port.write(list));
  }

  /** Renumbers the parameters of a statement in order of use, since databases refuse gaps. */
  function bind(text: string, values: readonly Value[]): BoundText {
    const used: Value[] = [];
    const bound = text.replace(/\s+/g, ' ').replace(/\?(\d+)/g, (_match, index: string) => {
      used.push(values[Number(index) - 1] ?? null);
      return dialect.parameter(used.length);
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
    timeout: port.timeout,
    isLocal: false,
    async currentVersion(tag, ttlMs) {
      return Number((await write('currentVersion', [tag, ttlMs]))[0]?.['version']);
    },
    async isDenied(token, at) {
      const { sid, jti } = token;
      const values = [tagOf(sid), keyOf(TOKEN, jti), keyOf(SESSION, sid), Math.floor(at)];
      const [text = '', used = []] = bind(statements.check[0] ?? '', values);
      const [row] = await call('denylist', () => port.read(text, used));
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
      await send(lists.flat());
    },
    async denyAll(tag, { except, operation, ttlMs }) {
      await write('denyAll', [tag, ttlMs, except ?? null, operationId(operation)]);
    },
    async supersede(token, { at, successor, ttlMs }) {
      const { sid, jti, version } = token;
      const tag = tagOf(sid);
      const [row] = await write('supersede', [
        ...[tag, ttlMs, keyOf(TOKEN, jti), successor],
        ...[keyOf(SESSION, sid), Math.floor(at), sid, version],
      ]);
      const named = row?.['successor'];
      if (isRefused(row, token) || typeof named !== 'string') return undefined;
      return { successor: named, version: Number(row?.['version']) };
    },
    async ready() {
      const text = `SELECT tag FROM ${names.watermark} WHERE tag = ''`;
      await call('denylist', () => port.read(text, []));
    },
    // The client is the caller's.
    async close() {
      port.close?.();
    },
    migrate: () => port.migrate(),
    async sweep() {
      await send(statements.sweep.map((text) => [text, []]));
    },
  };
}

/** Ids of foreign tokens may be any text; columns take short ASCII only. */
function keyOf(kind: string, id: string): string {
  if (/^[\w.-]{1,80}$/.test(id)) return kind + id;
  // Escaped, so that two ill-formed texts do not become one.
  return `${kind}#${createHash('sha256').update(JSON.stringify(id)).digest('base64url')}`;
}
