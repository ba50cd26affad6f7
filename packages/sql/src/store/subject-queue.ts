/** Writes of one subject that may wait in this process; a further one is rejected. */
const MAX_WAITING = 1_000;

/** Runs writes of one subject one after the other, and writes of different subjects concurrently. */
export interface SubjectQueue {
  /**
   * Runs `work` after every earlier work of the same tag has settled.
   * @throws {Error} if 1,000 works of that tag are waiting already
   */
  run<Value>(tag: string, work: () => Promise<Value>): Promise<Value>;
}

/**
 * Creates a queue per subject. Concurrent writers of one subject would each hold a connection while they wait for
 * the lock of its row, and leave none for the verifications of everyone else.
 */
export function createSubjectQueue(): SubjectQueue {
  const tails = new Map<string, { last: Promise<unknown>; waiting: number }>();

  return {
    async run(tag, work) {
      const tail = tails.get(tag) ?? { last: Promise.resolve(), waiting: 0 };
      if (tail.waiting >= MAX_WAITING) {
        throw new Error(`${MAX_WAITING} writes of one subject are waiting for the database.`);
      }
      tails.set(tag, tail);
      tail.waiting += 1;
      const result = tail.last.then(work, work);
      tail.last = result;
      try {
        return await result;
      } finally {
        tail.waiting -= 1;
        if (tail.waiting === 0) tails.delete(tag);
      }
    },
  };
}
