import type { Logger } from '@sess/core';
import { type BoundedCache, createBoundedCache } from '@sess/core/internal';
import type { SessionRecord } from '@sess/core/store';
import { decodeRecord, isNewerRecord } from './codec.js';

/** A decoded record and the text it was decoded from. */
interface Decoded {
  readonly value: string;
  readonly record: SessionRecord;
}

/** Decoded records that are kept, so that a session in use is decoded once. A hit needs the same text. */
const MAX_DECODED = 1_024;
const MAX_DECODED_BYTES = 4 * 1024 * 1024;

/** Decodes the values of sessions. */
export interface RecordReader {
  /** Returns the record; `undefined` for a value that this version cannot read. Logged once, as there may be many. */
  decode(sid: string, value: string): SessionRecord | undefined;
  /** The same, by a cache. */
  decodeRecent(sid: string, value: string): SessionRecord | undefined;
}

/** @param getLogger returns the logger of the engine; `undefined` before the store is opened */
export function createRecordReader(getLogger: () => Logger | undefined): RecordReader {
  const decoded: BoundedCache<string, Decoded> = createBoundedCache({
    maxEntries: MAX_DECODED,
    maxBytes: MAX_DECODED_BYTES,
    // The text and its parsed copy, two bytes a character.
    sizeOf: ({ value }) => 4 * value.length + 256,
  });
  let hasReported = false;

  function decode(sid: string, value: string): SessionRecord | undefined {
    const record = decodeRecord(sid, value);
    if (record !== undefined || hasReported) return record;
    hasReported = true;
    getLogger()?.error(
      { sid },
      isNewerRecord(value)
        ? 'a session record in Redis was written by a newer version of @sess/redis; its requests fail until this process is updated'
        : 'a session record in Redis cannot be read; it is treated as absent',
    );
    return undefined;
  }

  return {
    decode,
    decodeRecent(sid, value) {
      const known = decoded.get(sid);
      if (known !== undefined && known.value === value) return known.record;
      const record = decode(sid, value);
      if (record === undefined) decoded.delete(sid);
      else decoded.set(sid, { value, record });
      return record;
    },
  };
}

/** The error for a record that this version cannot read, and that is not damaged. */
export function createNewerError(): Error {
  return new Error('A session record was written by a newer version of @sess/redis.');
}
