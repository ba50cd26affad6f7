import type { SessionRecord } from '../store/record.js';
import type { Issued, Session } from '../types.js';
import { hideWhenInspected } from '../util/logger.js';

/** What of a record is public. The data's type is the caller's word: the schema checked it when it was written. */
export function toSession<Data extends object>(record: SessionRecord): Session<Data> {
  const { auth, data } = record;
  return Object.freeze({
    sid: record.sid,
    subject: data.subject,
    data: data.data as Data,
    device: data.device,
    createdAt: record.createdAt,
    authenticatedAt: auth.authenticatedAt,
    lastUsedAt: auth.lastUsedAt,
    expiresAt: auth.expiresAt,
  });
}

/** Makes an outcome with tokens show itself without them. */
export function hideTokens<Result extends Issued<object>>(issued: Result): Result {
  return hideWhenInspected(['accessToken', 'refreshToken'], issued);
}
