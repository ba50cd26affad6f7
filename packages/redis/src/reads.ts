import type { RedisPort } from './client/redis-port.js';
import type { WithDeadline } from './deadline.js';
import { askAgain, runScript } from './scripts/run-script.js';
import { LOAD } from './scripts/scripts.js';
import { startTimer } from './timers.js';

/** One field of one key, and the server's time. */
export interface FieldRead {
  readonly value: string | undefined;
  readonly now: number;
}

/** Reads of one field of one key. */
export interface Reads {
  /** With the server's time, by which something may be decided. */
  readField(key: string, field: string): Promise<FieldRead>;
  /** Without it, which is a plain command where few are asked for at once. */
  readValue(key: string, field: string): Promise<string | undefined>;
}

interface Waiting {
  readonly key: string;
  readonly field: string;
  readonly needsTime: boolean;
  readonly resolve: (read: FieldRead) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys in one command; more would hold up other clients of the server. */
const LARGEST_BATCH = 256;

/** So many plain commands cost the server less than one script with all of them. */
const FEW = 3;

/** Milliseconds that a read waits for the batch before it: behind a server that is silent, deadlines would add up. */
const PATIENCE = 50;

/**
 * Reads in batches that clock themselves: a read leaves at the end of its tick if none is under way, else
 * together with all others as soon as the last batch has returned, or is overdue. Idle, it costs no latency; under
 * load many reads share one round trip and one command. On a Cluster keys live apart, and each read goes by itself.
 */
export function createReads(port: RedisPort, withDeadline: WithDeadline): Reads {
  async function readAll(
    batch: readonly { readonly key: string; readonly field: string }[],
  ): Promise<readonly (FieldRead | Error)[]> {
    const reply = await withDeadline(
      'load',
      runScript(port, {
        script: LOAD,
        keys: batch.map(({ key }) => key),
        args: batch.map(({ field }) => field),
        isReadOnly: true,
      }),
    );
    const [seconds, microseconds, ...values] = reply as readonly [
      string,
      string,
      ...(string | null | readonly string[])[],
    ];
    const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    return batch.map((_, n) => {
      const value = values[n] ?? undefined;
      return typeof value === 'object' ? new Error(value[0]) : { value, now };
    });
  }

  /** `null` comes of a field that is not there. A command that no script uses, so that statistics tell the two apart. */
  async function readPlain(key: string, field: string): Promise<string | undefined> {
    const ask = (): Promise<unknown> => port.send(key, true, ['HMGET', key, field]);
    const [value] = (await withDeadline('load', askAgain(ask))) as readonly (string | null)[];
    return value ?? undefined;
  }

  if (port.isCluster) {
    return {
      readValue: readPlain,
      async readField(key, field) {
        const [result] = await readAll([{ key, field }]);
        if (result instanceof Error) throw result;
        return result ?? { value: undefined, now: 0 };
      },
    };
  }

  const waiting: Waiting[] = [];
  /** The batch that the next one waits for. */
  let underWay: readonly Waiting[] | undefined;

  async function sendPlain({ key, field, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve({ value: await readPlain(key, field), now: 0 });
    } catch (error) {
      reject(error);
    }
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    if (batch.length <= FEW && !batch.some(({ needsTime }) => needsTime)) {
      await Promise.all(batch.map(sendPlain));
      return;
    }
    try {
      const results = await readAll(batch);
      batch.forEach(({ resolve, reject }, n) => {
        const result = results[n];
        if (result instanceof Error || result === undefined) reject(result);
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  function flush(): void {
    const batch = waiting.splice(0, LARGEST_BATCH);
    underWay = batch;
    const stop = startTimer(() => {
      if (underWay !== batch) return;
      // Overdue: all that wait leave now, and the last of them is the one to wait for.
      underWay = undefined;
      while (waiting.length > 0) flush();
    }, PATIENCE);
    void send(batch).then(() => {
      stop();
      if (underWay !== batch) return;
      underWay = undefined;
      if (waiting.length > 0) flush();
    });
  }

  function read(key: string, field: string, needsTime: boolean): Promise<FieldRead> {
    return new Promise((resolve, reject) => {
      waiting.push({ key, field, needsTime, resolve, reject });
      // At the end of the tick, so that what is asked in one tick leaves together.
      if (waiting.length === 1 && underWay === undefined) queueMicrotask(flush);
    });
  }

  return {
    readField: (key, field) => read(key, field, true),
    readValue: async (key, field) => (await read(key, field, false)).value,
  };
}
