import { TOMBSTONE_TTL_MS } from '@sess/core/store';

/** Something that this process ended, to be ended again if a failover brings it back. */
export type Revocation =
  | { readonly kind: 'one'; readonly sid: string; readonly at: number }
  /** Everything of a subject that was created up to `at`. */
  | {
      readonly kind: 'all';
      readonly tag: string;
      readonly except: string | undefined;
      readonly at: number;
    };

/** The last minute of revocations, or of what else was said at a time. */
export interface RevocationLog<Entry extends { readonly at: number }> {
  add(entry: Entry): void;
  /** Those of the last minute before `now`, on the clock that `at` is of; oldest first. */
  recent(now: number): readonly Entry[];
}

/** A mass logout of more than this in a minute keeps the newest. */
const LARGEST = 10_000;

export function createRevocationLog<Entry extends { readonly at: number }>(): RevocationLog<Entry> {
  let entries: Entry[] = [];

  const drop = (now: number): void => {
    const first = entries.findIndex(({ at }) => at > now - TOMBSTONE_TTL_MS);
    entries = first < 0 ? [] : entries.slice(Math.max(first, entries.length - LARGEST));
  };

  return {
    add(entry) {
      entries.push(entry);
      // Now and then, so that an addition costs the same however many there are.
      if (entries.length % 256 === 0) drop(entry.at);
    },
    recent(now) {
      drop(now);
      return [...entries];
    },
  };
}
