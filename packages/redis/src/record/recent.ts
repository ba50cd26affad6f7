import type { SessionRecord } from '@sess/core/store';

/** Makes a record of the text that was just read; `undefined` for text that is none. */
export type Decode = (sid: string, value: string) => SessionRecord | undefined;

/** How many sessions are remembered; a session that is in use is asked for again and again. */
const REMEMBERED = 1_024;

/**
 * Decodes, and does not do so twice for one text: of what was read last for a session, the record is
 * remembered beside the very text. That saves work, never a read: what counts is what the server has just sent.
 */
export function createRecentDecode(decode: Decode): Decode {
  const recent = new Map<string, { readonly value: string; readonly record: SessionRecord }>();

  return (sid, value) => {
    const known = recent.get(sid);
    if (known !== undefined && known.value === value) return known.record;
    const record = decode(sid, value);
    recent.delete(sid);
    if (record === undefined) return undefined;
    recent.set(sid, { value, record });
    if (recent.size > REMEMBERED) {
      for (const oldest of recent.keys()) {
        recent.delete(oldest);
        break;
      }
    }
    return record;
  };
}
