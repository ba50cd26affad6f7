import type { Row } from '../store/dialect.js';
import type { PostgresPort } from './port.js';
import type { Statements } from './statements.js';

/** Sessions that one statement reads at most. */
const MAX_BATCH = 500;

interface Waiting {
  readonly sid: string;
  resolve(row: Row | undefined): void;
  reject(error: unknown): void;
}

/**
 * Creates a read that shares its round trip: all reads of one turn of the event loop leave as one statement. A read
 * alone leaves in the same turn, so nothing waits for company.
 */
export function createBatchedReads(
  port: PostgresPort,
  statements: Pick<Statements, 'read' | 'readMany'>,
): (sid: string) => Promise<Row | undefined> {
  let waiting: Waiting[] = [];

  async function send(batch: readonly Waiting[]): Promise<void> {
    try {
      const [first] = batch;
      const isAlone = batch.length === 1 && first !== undefined;
      const rows = isAlone
        ? await port.query(statements.read, [first.sid])
        : await port.query(statements.readMany, [[...new Set(batch.map(({ sid }) => sid))]]);
      const bySid = new Map(rows.map((row) => [row['sid'], row]));
      for (const { sid, resolve } of batch) resolve(bySid.get(sid));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let start = 0; start < all.length; start += MAX_BATCH) {
      void send(all.slice(start, start + MAX_BATCH));
    }
  }

  return (sid) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ sid, resolve, reject });
    });
}
