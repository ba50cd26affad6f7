import { MEMORY_OF_REMOVAL } from '@sess/core/store';

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

/** The last minute of revocations. */
export interface RevocationLog {
  add(revocation: Revocation): void;
  /** Those of the last minute before store time `now`, oldest first. */
  recent(now: number): readonly Revocation[];
}

/** A mass logout of more than this in a minute keeps the newest. */
const LARGEST = 10_000;

export function createRevocationLog(): RevocationLog {
  let entries: Revocation[] = [];

  const drop = (now: number): void => {
    const first = entries.findIndex(({ at }) => at > now - MEMORY_OF_REMOVAL);
    entries = first < 0 ? [] : entries.slice(Math.max(first, entries.length - LARGEST));
  };

  return {
    add(revocation) {
      entries.push(revocation);
      // Now and then, so that an addition costs the same however many there are.
      if (entries.length % 256 === 0) drop(revocation.at);
    },
    recent(now) {
      drop(now);
      return [...entries];
    },
  };
}
