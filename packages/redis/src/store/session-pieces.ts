import type { RunScript } from '../client/run-script.js';
import { LIST } from './lua/read.js';
import { checkReply } from './script-arguments.js';

/** Bytes of one reply of a list; one session of any size is always part of it. */
const LIST_BYTES = 256 * 1024;
/** Names of fields in one request of a list. */
const LIST_FIELDS = 1_024;

/** Some of the sessions of a subject, with the time of the server. */
export interface SessionPiece {
  readonly now: number;
  readonly pairs: readonly (readonly [field: string, value: string])[];
}

/** Creates the function that reads all sessions of a subject, in pieces of bounded size. */
export function createPieceReader(
  runScript: RunScript,
  keyOf: (tag: string) => string,
): (tag: string) => AsyncGenerator<SessionPiece> {
  return async function* readPieces(tag) {
    let left: readonly string[] = [];
    do {
      const args = [LIST_BYTES, ...left.slice(0, LIST_FIELDS)];
      const reply = await runScript({ script: LIST, keys: [keyOf(tag)], args, isReadOnly: true });
      const [time, rest, ...flat] = checkReply(reply).map(String);
      const pairs: [string, string][] = [];
      for (let n = 0; n + 1 < flat.length; n += 2) pairs.push([flat[n] ?? '', flat[n + 1] ?? '']);
      yield { now: Number(time), pairs };
      left = [...(String(rest).match(/.{16}/gs) ?? []), ...left.slice(LIST_FIELDS)];
    } while (left.length > 0);
  };
}
