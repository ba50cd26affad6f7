import type { RedisPort } from './client/redis-port.js';
import type { WithDeadline } from './deadline.js';
import { retryOnce, runScript } from './scripts/run-script.js';
import { LOAD } from './scripts/scripts.js';
import { startTimer } from './timers.js';

/** One field of one key, and the server's time. */
export interface FieldRead {
  readonly value: string | undefined;
  /** 0 where it was not asked for. */
  readonly now: number;
}

/**
 * Reads one field of one key; with the server's time, by which something may be decided, or without, which is a plain
 * command where few are asked for at once.
 */
export type ReadField = (key: string, field: string, needsTime: boolean) => Promise<FieldRead>;

interface Waiting {
  readonly key: string;
  readonly field: string;
  readonly needsTime: boolean;
  readonly resolve: (read: FieldRead) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys in one command; more would hold up other clients of the server. */
const LARGEST_BATCH = 256;

/** So many plain commands cost less than one script with all of them. */
const FEW = 3;

/**
 * So many make a second batch beside the one under way, so that the server works on one while this process takes the
 * other apart. With fewer, what is gained in time is lost in system calls.
 */
const WORTH_A_SECOND = 16;

/** Milliseconds that a read waits for the batches before it: behind a server that is silent, deadlines would add up. */
const PATIENCE = 50;

/**
 * Reads in batches that clock themselves: a read leaves at the end of its tick if none is under way, else together
 * with all others as soon as the last batch has returned, or is overdue. Idle, it costs no latency; under load many
 * reads share one round trip and one command. On a Cluster keys live apart, and each read goes by itself.
 */
export function createReads(port: RedisPort, withDeadline: WithDeadline): ReadField {
  /** `null` comes of a field that is not there. A command that no script uses, so that statistics tell the two apart. */
  async function readPlain(key: string, field: string): Promise<FieldRead> {
    const ask = (): Promise<unknown> => port.send(key, true, ['HMGET', key, field]);
    const [value] = (await withDeadline('load', retryOnce(ask))) as readonly (string | null)[];
    return { value: value ?? undefined, now: 0 };
  }

  async function readEach(batch: readonly Waiting[]): Promise<void> {
    const reads = batch.map(({ key, field, resolve, reject }) =>
      readPlain(key, field).then(resolve, reject),
    );
    await (reads.length === 1 ? reads[0] : Promise.all(reads));
  }

  /** Settles all reads of a batch, each by itself: a key that holds no hash is nobody else's fault. */
  async function readByScript(batch: readonly Waiting[]): Promise<void> {
    const call = {
      script: LOAD,
      keys: batch.map(({ key }) => key),
      args: batch.map(({ field }) => field),
      isReadOnly: true,
    };
    try {
      const reply = await withDeadline('load', runScript(port, call));
      const [seconds, microseconds, ...values] = reply as readonly [
        string,
        string,
        ...(string | null | readonly string[])[],
      ];
      const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
      batch.forEach(({ resolve, reject }, n) => {
        const value = values[n] ?? undefined;
        if (typeof value === 'object') reject(new Error(value[0]));
        else resolve({ value, now });
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  if (port.isCluster) {
    return (key, field, needsTime) => {
      if (!needsTime) return readPlain(key, field);
      return new Promise((resolve, reject) => {
        void readByScript([{ key, field, needsTime, resolve, reject }]);
      });
    };
  }

  let waiting: Waiting[] = [];
  let isFlushing = false;
  /** The batches that the next one waits for. */
  const underWay = new Set<readonly Waiting[]>();
  let stopPatience: (() => void) | undefined;

  const mayLeave = (): boolean =>
    underWay.size === 0 || (underWay.size === 1 && waiting.length >= WORTH_A_SECOND);

  /** What leaves next: all, or the one half if it makes two batches. */
  function take(): readonly Waiting[] {
    const makesTwo = underWay.size === 0 && waiting.length >= 2 * WORTH_A_SECOND;
    const batch = waiting.splice(0, makesTwo ? Math.ceil(waiting.length / 2) : waiting.length);
    waiting = batch.splice(LARGEST_BATCH).concat(waiting);
    return batch;
  }

  function send(): void {
    const batch = take();
    underWay.add(batch);
    const isSmall = batch.length <= FEW && !batch.some(({ needsTime }) => needsTime);
    void (isSmall ? readEach(batch) : readByScript(batch)).then(() => {
      if (underWay.delete(batch)) flush();
    });
  }

  function flush(): void {
    isFlushing = false;
    while (waiting.length > 0 && mayLeave()) send();
    if (waiting.length === 0) {
      stopPatience?.();
      stopPatience = undefined;
    } else {
      stopPatience ??= startTimer(forgetOverdue, PATIENCE);
    }
  }

  /** All that wait leave now, and the last of them is the one to wait for. */
  function forgetOverdue(): void {
    stopPatience = undefined;
    while (waiting.length > 0) {
      underWay.clear();
      send();
    }
  }

  return (key, field, needsTime) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, field, needsTime, resolve, reject });
      if (isFlushing) return;
      isFlushing = true;
      // At the end of the tick, so that what is asked in one tick leaves together.
      queueMicrotask(flush);
    });
}
