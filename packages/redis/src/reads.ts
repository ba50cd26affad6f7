import type { RedisPort } from './client/redis-port.js';
import type { WithDeadline } from './deadline.js';
import { runScript } from './scripts/run-script.js';
import { LOAD } from './scripts/scripts.js';

/** One field of one key, and the server's time. */
export interface FieldRead {
  readonly value: string | undefined;
  readonly now: number;
}

export type ReadField = (key: string, field: string) => Promise<FieldRead>;

interface Waiting {
  readonly key: string;
  readonly field: string;
  readonly resolve: (read: FieldRead) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys in one command; more would hold up other clients of the server. */
const LARGEST_BATCH = 256;

/**
 * Reads in batches that clock themselves: a read leaves at the end of its tick if none is under way, else
 * together with all others as soon as the last batch has returned. Idle, it costs no latency; under load
 * many reads share one round trip and one command. On a Cluster keys live apart, and each read goes by itself.
 */
export function createReadField(port: RedisPort, withDeadline: WithDeadline): ReadField {
  async function read(
    batch: readonly { readonly key: string; readonly field: string }[],
  ): Promise<readonly FieldRead[]> {
    const reply = await withDeadline(
      'load',
      runScript(port, {
        script: LOAD,
        keys: batch.map(({ key }) => key),
        args: batch.map(({ field }) => field),
        isReadOnly: true,
      }),
    );
    const [time, ...values] = reply as readonly [string, ...(string | null)[]];
    const now = Number(time);
    return batch.map((_, n) => ({ value: values[n] ?? undefined, now }));
  }

  if (port.isCluster) {
    return async (key, field) => {
      const [result] = await read([{ key, field }]);
      return result ?? { value: undefined, now: 0 };
    };
  }

  const waiting: Waiting[] = [];
  let isUnderWay = false;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, LARGEST_BATCH);
      try {
        const results = await read(batch);
        results.forEach((result, n) => void batch[n]?.resolve(result));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isUnderWay = false;
  }

  return (key, field) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, field, resolve, reject });
      if (isUnderWay) return;
      isUnderWay = true;
      // At the end of the tick, so that what is asked in one tick leaves together.
      queueMicrotask(() => void flush());
    });
}
