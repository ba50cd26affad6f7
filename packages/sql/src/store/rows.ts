import { decodeAuth, decodeData, encodeAuth, encodeData } from '@sess/core/internal';
import type { InsertResult, RemoveResult, ReplaceResult, SessionRecord } from '@sess/core/store';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A row of the session table, with numbers as numbers. */
export interface SessionRow {
  readonly sid: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly generation: number;
  readonly replayed: boolean | number;
  readonly auth_version: number;
  readonly data_version: number;
  readonly auth: string;
  readonly data: string;
}

/** Returns the record of a row, or `undefined` for the empty side of an outer join. */
export function recordOf(row: SessionRow | undefined): SessionRecord | undefined {
  if (row === undefined || row.sid === null) return undefined;
  return {
    sid: row.sid,
    createdAt: Number(row.created_at),
    authVersion: Number(row.auth_version),
    dataVersion: Number(row.data_version),
    auth: {
      ...decodeAuth(JSON.parse(row.auth), Number(row.expires_at)),
      replayed: Boolean(row.replayed),
    },
    data: decodeData(JSON.parse(row.data)),
  };
}

/** The columns of a session's auth part. */
export function authColumns(auth: SessionRecord['auth']): {
  readonly auth: string;
  readonly expiresAt: number;
  readonly usedAt: number;
  readonly sweepAt: number;
  readonly generation: number;
  readonly replayed: boolean;
} {
  return {
    auth: encodeAuth(auth).text,
    expiresAt: auth.expiresAt,
    usedAt: auth.lastUsedAt,
    sweepAt: sweepAtOf(auth),
    generation: auth.generation,
    replayed: auth.replayed,
  };
}

export { encodeData };

/**
 * The end of a session, rounded up to the hour, or to the day where it is more than a day away. It is indexed in the
 * place of the end itself: a rotation then seldom changes an indexed column, so that PostgreSQL can update in place.
 */
function sweepAtOf({ expiresAt, lastUsedAt }: SessionRecord['auth']): number {
  const step = expiresAt - lastUsedAt > DAY ? DAY : HOUR;
  return Math.ceil(expiresAt / step) * step;
}

/** Returns the result of a replacement from the status that a statement gave, and the row as it is now. */
export function replaceResultOf(status: string, now: number, row: SessionRow): ReplaceResult {
  if (status === 'replaced' || status === 'repeated') return { status: 'replaced', now };
  if (status === 'late' || status === 'absent') return { status, now };
  const record = recordOf(row);
  if (record === undefined) return { status: 'absent', now };
  if (status !== 'share') return { status: 'conflict', record, now };
  // The row is as it was before the statement marked it.
  const marked = {
    ...record,
    authVersion: record.authVersion + 1,
    auth: { ...record.auth, replayed: true },
  };
  return { status: 'conflict', record: marked, now };
}

/** Returns the result of a removal from the status that a statement gave, and the row as it is now. */
export function removeResultOf(status: string, now: number, row: SessionRow): RemoveResult {
  if (status === 'removed' || status === 'repeated') return { status: 'removed', now };
  if (status === 'late' || status === 'absent') return { status, now };
  const record = recordOf(row);
  return record === undefined ? { status: 'absent', now } : { status: 'conflict', record, now };
}

/** Returns the result of an insert from the row that the statements gave. */
export function insertResultOf(row: Readonly<Record<string, unknown>> | undefined): InsertResult {
  const now = Number(row?.['now']);
  const status = row?.['status'];
  switch (status) {
    case 'late':
    case 'limit':
      return { status, now };
    case 'ahead':
      return { status: 'revoked', revokedBefore: now - 1, now };
    case 'revoked':
      return { status, revokedBefore: Number(row?.['revoked_before']), now };
    default: {
      const evicted = row?.['evicted'];
      const isEmpty = typeof evicted !== 'string' || evicted === '';
      return { status: 'inserted', evicted: isEmpty ? [] : evicted.split(','), now };
    }
  }
}
