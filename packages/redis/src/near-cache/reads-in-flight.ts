/** A read that has been sent. */
export interface Read {
  /** Its key was invalidated after it was sent: what it brings may be what was there before. */
  readonly isStale: boolean;
}

/**
 * The reads on their way. Reads and invalidations come over different connections, so that an invalidation may
 * overtake the older value that it is about; such a value must not be kept.
 */
export interface ReadsInFlight {
  begin(tag: string): Read;
  end(tag: string, read: Read): void;
  /** The subject has changed. */
  markStale(tag: string): void;
  /** Anything may have changed. */
  spoilAll(): void;
}

export function createReadsInFlight(): ReadsInFlight {
  const readsOf = new Map<string, Set<{ isStale: boolean }>>();

  function markStale(tag: string): void {
    const reads = readsOf.get(tag);
    if (reads === undefined) return;
    for (const read of reads) read.isStale = true;
    readsOf.delete(tag);
  }

  return {
    begin(tag) {
      const read = { isStale: false };
      const reads = readsOf.get(tag);
      if (reads === undefined) readsOf.set(tag, new Set([read]));
      else reads.add(read);
      return read;
    },
    end(tag, read) {
      const reads = readsOf.get(tag);
      if (reads === undefined || !reads.delete(read)) return;
      if (reads.size === 0) readsOf.delete(tag);
    },
    markStale,
    spoilAll() {
      for (const tag of [...readsOf.keys()]) markStale(tag);
    },
  };
}
