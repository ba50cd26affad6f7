import type { SessionRecord } from '../store/record.js';
import type { Issued, Session } from '../types.js';

/** Node's `util.inspect` (and so the console) calls a method of this name. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** What of a record is public. The data's type is the caller's word: the schema checked it when it was written. */
export function toSession<Data extends object>(record: SessionRecord): Session<Data> {
  const { auth, data } = record;
  return {
    sid: record.sid,
    subject: data.subject,
    data: data.data as Data,
    device: data.device,
    createdAt: record.createdAt,
    authenticatedAt: auth.authenticatedAt,
    lastUsedAt: auth.lastUsedAt,
    expiresAt: auth.expiresAt,
  };
}

/** Makes an object with tokens show itself without them. JSON still holds them: a program may have to send it. */
export function hideTokens<Result extends Issued<object>>(issued: Result): Result {
  return Object.defineProperty(issued, INSPECT, {
    value: () => ({ ...issued, accessToken: '[hidden]', refreshToken: '[hidden]' }),
  });
}
