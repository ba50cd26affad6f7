import type { TableNames } from '../store/names.js';

/** What differs between the dialects. Parameters are written `?1`, `?2` and so on. */
export interface DenylistDialect {
  /** The database's time in epoch milliseconds. */
  readonly now: string;
  readonly greatest: (left: string, right: string) => string;
  readonly least: (left: string, right: string) => string;
  /** The words between the values of an insert and its assignments where the key exists already. */
  readonly onConflict: (key: string) => string;
  /** The value that the refused insert had for a column. */
  readonly given: (column: string) => string;
  /** An insert of a selection that does nothing where the key exists already. */
  readonly insertIfAbsent: (
    table: string,
    columns: string,
    selection: string,
    key: string,
  ) => string;
  /** Deletes up to 16 rows that have run out, without waiting for locks where the database can. */
  readonly prune: (table: string) => string;
  /** A parameter of which the database could not tell that it is text. */
  readonly text: (parameter: string) => string;
  /** Writes a parameter by its number, from 1. */
  readonly parameter: (index: number) => string;
}

/** The statements of one operation, in order. */
export type StatementList = readonly string[];

export interface DenylistStatements {
  readonly currentVersion: StatementList;
  readonly check: StatementList;
  readonly deny: StatementList;
  readonly denyAll: StatementList;
  readonly supersede: StatementList;
  readonly sweep: StatementList;
}

/** Denials of one subject are kept under ids of these forms. */
export const TOKEN = 'j:';
export const SESSION = 's:';
const OPERATION = 'o:';

/**
 * Builds the statements. A row past `expires_at` counts as absent: the tokens that it concerned are gone, and a new
 * watermark has a greater version.
 */
export function createDenylistStatements(
  { watermark, denial }: TableNames,
  dialect: DenylistDialect,
): DenylistStatements {
  const { now, greatest, least, given, insertIfAbsent, prune, text } = dialect;
  const onConflict = (key: string, assignments: Readonly<Record<string, string>>): string =>
    `${dialect.onConflict(key)} ${Object.entries(assignments)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}`;
  const nextVersion = (raised: string): string => greatest(`${watermark}.version + ${raised}`, now);

  /** The subject's watermark, created if it is absent or over. 1 tag, 2 life */
  const keepWatermark = `INSERT INTO ${watermark} (tag, version, except_sid, except_from, expires_at)
    VALUES (?1, ${now}, NULL, NULL, ${now} + ?2) ${onConflict('tag', {
      version: `CASE WHEN ${watermark}.expires_at > ${now} THEN ${watermark}.version ELSE ${nextVersion('1')} END`,
      except_from: `CASE WHEN ${watermark}.expires_at > ${now} THEN ${watermark}.except_from ELSE NULL END`,
      except_sid: `CASE WHEN ${watermark}.expires_at > ${now} THEN ${watermark}.except_sid ELSE NULL END`,
      expires_at: greatest(`${watermark}.expires_at`, `${now} + ?2`),
    })}`;
  const check = (tag: string, token: string, session: string, at: string): string =>
    `SELECT w.version, w.except_sid, w.except_from,
      (SELECT count(*) FROM ${denial} d WHERE d.tag = w.tag AND d.id IN (${token}, ${session}) AND d.from_at <= ${at}) AS named,
      (SELECT d.successor FROM ${denial} d WHERE d.tag = w.tag AND d.id = ${token}) AS successor
      FROM ${watermark} w WHERE w.tag = ${tag} AND w.expires_at > ${now}`;
  const isDone = `EXISTS (SELECT 1 FROM ${denial} d WHERE d.tag = ?1 AND d.id = ?4)`;

  return {
    currentVersion: [keepWatermark, `SELECT version FROM ${watermark} WHERE tag = ?1`],
    // 1 tag, 2 id of the token, 3 id of the session, 4 at
    check: [check('?1', '?2', '?3', '?4')],
    // 1 tag, 2 life, 3 id, 4 from
    deny: [
      keepWatermark,
      prune(denial),
      `INSERT INTO ${denial} (tag, id, from_at, successor, expires_at) VALUES (?1, ?3, ?4, NULL, ${now} + ?2)
        ${onConflict('tag, id', {
          from_at: least(`coalesce(${denial}.from_at, ${given('from_at')})`, given('from_at')),
          expires_at: greatest(`${denial}.expires_at`, given('expires_at')),
        })}`,
    ],
    // 1 tag, 2 life, 3 except or null, 4 id of the operation
    denyAll: [
      keepWatermark,
      `UPDATE ${watermark} SET
        except_from = CASE WHEN ${text('?3')} IS NULL THEN NULL WHEN except_sid = ${text('?3')} THEN coalesce(except_from, version) ELSE version END,
        except_sid = ${text('?3')}, version = ${greatest('version + 1', now)}
        WHERE tag = ?1 AND NOT ${isDone}`,
      // A token that is denied by its version needs no row.
      `DELETE FROM ${denial} WHERE tag = ?1 AND ${text('?3')} IS NULL AND id NOT LIKE '${OPERATION}%' AND NOT EXISTS (SELECT 1 FROM (SELECT id FROM ${denial} WHERE tag = ?1 AND id = ?4) x)`,
      insertIfAbsent(
        denial,
        'tag, id, from_at, successor, expires_at',
        `SELECT ${text('?1')}, ${text('?4')}, NULL, NULL, ${now} + ?2`,
        'tag, id',
      ),
    ],
    // 1 tag, 2 life, 3 id of the token, 4 successor, 5 id of the session, 6 at, 7 sid, 8 version
    supersede: [
      // Only extended: a token of an unknown subject must not make the subject known.
      `UPDATE ${watermark} SET expires_at = ${greatest('expires_at', `${now} + ?2`)} WHERE tag = ?1 AND expires_at > ${now}`,
      prune(denial),
      `INSERT INTO ${denial} (tag, id, from_at, successor, expires_at)
        SELECT w.tag, ${text('?3')}, NULL, ${text('?4')}, ${now} + ?2 FROM ${watermark} w
        WHERE w.tag = ?1
          AND (w.version = ?8 OR (w.except_sid = ?7 AND ?8 < w.version AND ?8 >= coalesce(w.except_from, w.version)))
          AND NOT EXISTS (SELECT 1 FROM (SELECT from_at FROM ${denial} WHERE tag = ?1 AND id IN (?3, ?5)) d WHERE d.from_at <= ?6)
        ${onConflict('tag, id', {
          successor: `coalesce(${denial}.successor, ${given('successor')})`,
          expires_at: greatest(`${denial}.expires_at`, given('expires_at')),
        })}`,
      check('?1', '?3', '?5', '?6'),
    ],
    sweep: [
      `DELETE FROM ${denial} WHERE expires_at <= ${now}`,
      `DELETE FROM ${watermark} WHERE expires_at <= ${now}`,
    ],
  };
}

/** Returns the id under which an operation is remembered. */
export function operationId(operation: string): string {
  return OPERATION + operation;
}
