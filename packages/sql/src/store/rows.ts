import { decodeAuth, decodeData, encodeAuth, encodeData } from '@sess/core/internal';
import type { InsertResult, RemoveResult, ReplaceResult, SessionRecord } from '@sess/core/store';
import type { InsertRow, Row, SessionOutcome } from './dialect.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Returns the record of a row, or `undefined` for none and for the empty side of an outer join. */
export function recordOf(row: Row | undefined): SessionRecord | undefined {
  if (typeof row?.['sid'] !== 'string') return undefined;
  const auth = decodeAuth(JSON.parse(String(row['auth'])), Number(row['expires_at']));
  return {
    sid: row['sid'],
    createdAt: Number(row['created_at']),
    authVersion: Number(row['auth_version']),
    dataVersion: Number(row['data_version']),
    auth: { ...auth, replayed: Boolean(row['replayed']) },
    data: decodeData(JSON.parse(String(row['data']))),
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

/** Returns the result of a replacement. */
export function replaceResultOf({ status, now, row }: SessionOutcome): ReplaceResult {
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

/** Returns the result of a removal. */
export function removeResultOf({ status, now, row }: SessionOutcome): RemoveResult {
  if (status === 'removed' || status === 'repeated') return { status: 'removed', now };
  if (status === 'late' || status === 'absent') return { status, now };
  const record = recordOf(row);
  return record === undefined ? { status: 'absent', now } : { status: 'conflict', record, now };
}

/** Returns the result of an insert. */
export function insertResultOf({ status, now, revokedBefore, evicted }: InsertRow): InsertResult {
  switch (status) {
    case 'late':
    case 'limit':
      return { status, now };
    case 'ahead':
      return { status: 'revoked', revokedBefore: now - 1, now };
    case 'revoked':
      return { status, revokedBefore, now };
    default:
      return { status: 'inserted', evicted: evicted ? evicted.split(',') : [], now };
  }
}
