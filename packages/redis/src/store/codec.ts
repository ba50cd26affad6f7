import { decodeAuth, decodeData, encodeAuth, encodeData, formatOf } from '@sess/core/internal';
import type { SessionRecord } from '@sess/core/store';

/*
 * value   = format ":" authVersion ":" dataVersion ":" createdAt ":" expiresAt ":" page ":" length ":" auth data
 * format  = "1" or "2": see formatOf of @sess/core
 * auth    = JSON of `length` ASCII characters
 * data    = JSON to the end
 *
 * The scripts read the numbers and splice the two parts. They never parse the JSON, which Lua could not write back
 * unchanged. `page` is the page of the index that has the session: see store/lua/header.ts.
 */
const HEADER = /^[12]:(\d{1,15}):(\d{1,15}):(\d{1,15}):(\d{1,15}):\d{1,6}:(\d{1,6}):/;

/** The format of a record. Those above are written by later releases. */
const NEWEST_FORMAT = 2;
const FORMAT = /^(\d{1,3}):/;

/** Returns the record as text, on page 0; the insert script sets the page. */
export function encodeRecord(record: SessionRecord): string {
  const auth = encodeAuth(record.auth);
  const { authVersion, dataVersion, createdAt } = record;
  const header = `${formatOf(record.data)}:${authVersion}:${dataVersion}:${createdAt}:${auth.expiresAt}:0:${auth.text.length}:`;
  return header + auth.text + encodeData(record.data);
}

/** True if a later version of this store has written the value. It is a session that this version cannot read. */
export function isNewerRecord(value: string): boolean {
  const format = FORMAT.exec(value)?.[1];
  return format !== undefined && Number(format) > NEWEST_FORMAT;
}

/** Returns the record of a stored value; `undefined` for one that no version of this store has written. */
export function decodeRecord(sid: string, value: string): SessionRecord | undefined {
  const header = HEADER.exec(value);
  if (header === null) return undefined;
  const start = header[0].length;
  const end = start + Number(header[5]);
  try {
    return {
      sid,
      createdAt: Number(header[3]),
      authVersion: Number(header[1]),
      dataVersion: Number(header[2]),
      auth: decodeAuth(JSON.parse(value.slice(start, end)), Number(header[4])),
      data: decodeData(JSON.parse(value.slice(end))),
    };
  } catch {
    // Cut short, or written by another program: the contract treats it as absent.
    return undefined;
  }
}
