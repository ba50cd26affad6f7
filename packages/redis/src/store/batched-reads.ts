import type { Clock } from '@sess/core';
import type { CommandSender } from '../client/command-sender.js';
import type { RunScript } from '../client/run-script.js';
import { LOAD, LOAD_FROM_PRIMARY } from './lua/read.js';

/** One field of one key, and the server's time. */
export interface FieldRead {
  readonly value: string | undefined;
  /** Epoch milliseconds; 0 if the time was not asked for. */
  readonly now: number;
}

/**
 * Reads one field of one key. With `needsTime` the reply carries the server's time; without it the read is a plain
 * command if few are pending.
 */
type ReadField = (key: string, field: string, needsTime: boolean) => Promise<FieldRead>;

/** The reads of a store. */
export interface BatchedReads {
  readonly readField: ReadField;
  /** Records that a write has succeeded, which only a primary allows. */
  notePrimary(): void;
  /** Removes what was registered with the client. */
  readonly close: (() => void) | undefined;
}

/** The connection that reads are sent over, and the clock for the wait. */
export interface BatchedReadsContext {
  readonly sender: CommandSender;
  readonly runScript: RunScript;
  readonly clock: Clock;
}

interface PendingRead {
  readonly key: string;
  readonly field: string;
  readonly needsTime: boolean;
  readonly resolve: (read: FieldRead) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys in one command; more would hold up other clients of the server. */
const MAX_BATCH = 256;

/** Up to this number plain commands cost less than one script with all of them. */
const MAX_PLAIN = 3;

/**
 * From this number on a second batch is sent beside the first one, so that the server works on one while this process
 * decodes the other. With fewer reads the additional system calls cost more than that saves.
 */
const MIN_SECOND_BATCH = 16;

/** Milliseconds that a read waits for earlier batches. Behind a silent server timeouts would add up otherwise. */
const MAX_WAIT_MS = 50;

/** Milliseconds for which a connection that has proved to lead to a primary is not asked again. */
const PROOF_MS = 10_000;

/** Errors of a server that is a primary, and errors of a user who may not write: a missing field is missing then. */
const PRIMARY_ERROR = /^(?:NOREPLICAS|MISCONF|OOM|NOPERM)\b/;

/** Errors of servers and proxies that keep keys apart. */
const SHARDED =
  /CROSSSLOT|keys (?:in request )?(?:don't|do not|must) (?:hash|map)|wrong number of arguments|no such shard/i;

/**
 * Creates the reads of a store. A read is sent at the end of its tick if no batch is pending, otherwise with all others
 * once the last batch has returned. So an idle connection adds no latency, and under load many reads share one command.
 *
 * - A Cluster keeps keys apart, so each read is sent by itself. The same holds from the first CROSSSLOT on: a single
 *   endpoint may stand for several servers.
 * - A field that a batch does not find is read by itself, because a proxy may have sent the batch to the server of
 *   another key.
 * - A field that is missing on a server which has not proved to be a primary is read by a script that replicas refuse:
 *   an empty replica must not sign users out.
 */
export function createBatchedReads({
  sender,
  runScript,
  clock,
}: BatchedReadsContext): BatchedReads {
  let isSharded = sender.isCluster;
  let provenAt = Number.NEGATIVE_INFINITY;
  const close = sender.onReconnect?.(() => {
    provenAt = Number.NEGATIVE_INFINITY;
  });
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();
  const notePrimary = (): void => {
    provenAt = elapsed();
  };

  function readPlain({ key, field, needsTime }: PendingRead): Promise<FieldRead> {
    if (needsTime) return readByScript(key, field, true);
    return sender.send(key, true, ['HMGET', key, field]).then(toPlainRead);
  }

  async function readByScript(key: string, field: string, isReadOnly: boolean): Promise<FieldRead> {
    const script = isReadOnly ? LOAD : LOAD_FROM_PRIMARY;
    const reply = await runScript({ script, keys: [key], args: [field], isReadOnly });
    const [seconds, microseconds, value] = reply as readonly unknown[];
    if (Array.isArray(value)) throw new Error(String(value[0]));
    return { value: toText(value), now: toTime(seconds, microseconds) };
  }

  /** Reads a field that seems to be missing once more; rejects if the server is no primary. */
  async function confirmMissing({ key, field }: PendingRead, first: FieldRead): Promise<FieldRead> {
    if (sender.isCluster || elapsed() - provenAt < PROOF_MS) return first;
    try {
      const second = await readByScript(key, field, false);
      notePrimary();
      return second;
    } catch (error) {
      if (!(error instanceof Error) || !PRIMARY_ERROR.test(error.message)) throw error;
      return first;
    }
  }

  function settle(read: PendingRead, found: FieldRead, wasBatched: boolean): void {
    if (found.value !== undefined) read.resolve(found);
    else void settleMissing(read, found, wasBatched);
  }

  async function settleMissing(
    read: PendingRead,
    found: FieldRead,
    wasBatched: boolean,
  ): Promise<void> {
    try {
      let result = wasBatched ? await readPlain(read) : found;
      if (result.value === undefined) result = await confirmMissing(read, result);
      read.resolve(result);
    } catch (error) {
      read.reject(error);
    }
  }

  /** Calls `onEnd` when all reads are settled. Without a promise for the whole, as most batches are single reads. */
  function readEach(batch: readonly PendingRead[], onEnd: () => void): void {
    let left = batch.length;
    const end = (): void => {
      left -= 1;
      if (left === 0) onEnd();
    };
    for (const read of batch) {
      readPlain(read).then(
        (found) => {
          settle(read, found, false);
          end();
        },
        (error: unknown) => {
          read.reject(error);
          end();
        },
      );
    }
  }

  /** Settles each read of a batch by itself: a key that holds no hash must not fail the others. */
  async function readTogether(batch: readonly PendingRead[], onEnd: () => void): Promise<void> {
    let values: readonly unknown[];
    let now: number;
    try {
      const [seconds, microseconds, ...found] = (await runScript({
        script: LOAD,
        keys: batch.map(({ key }) => key),
        args: batch.map(({ field }) => field),
        isReadOnly: true,
      })) as readonly unknown[];
      values = found;
      now = toTime(seconds, microseconds);
    } catch (error) {
      if (error instanceof Error && SHARDED.test(error.message)) {
        isSharded = true;
        readEach(batch, onEnd);
        return;
      }
      for (const { reject } of batch) reject(error);
      onEnd();
      return;
    }
    batch.forEach((read, n) => {
      const value = values[n];
      if (Array.isArray(value)) read.reject(new Error(String(value[0])));
      else settle(read, { value: toText(value), now }, true);
    });
    onEnd();
  }

  let waiting: PendingRead[] = [];
  let isFlushing = false;
  /** The batches that the next one waits for. */
  const pending = new Set<readonly PendingRead[]>();
  let stopWait: (() => void) | undefined;

  const maySend = (): boolean =>
    isSharded || pending.size === 0 || (pending.size === 1 && waiting.length >= MIN_SECOND_BATCH);

  /** Returns the next batch: all reads, or one half of them if they are enough for two. */
  function take(): PendingRead[] {
    if (waiting.length < MIN_SECOND_BATCH) {
      const all = waiting;
      waiting = [];
      return all;
    }
    const isEnough = pending.size === 0 && waiting.length >= 2 * MIN_SECOND_BATCH;
    const batch = waiting.splice(0, isEnough ? Math.ceil(waiting.length / 2) : waiting.length);
    waiting = batch.splice(MAX_BATCH).concat(waiting);
    return batch;
  }

  function send(): void {
    const batch = take();
    pending.add(batch);
    const isPlain =
      isSharded ||
      batch.length === 1 ||
      (batch.length <= MAX_PLAIN && !batch.some(({ needsTime }) => needsTime));
    const onEnd = (): void => {
      // Tables that the set of batches leaves behind must not keep reads alive.
      batch.length = 0;
      if (pending.delete(batch)) flush();
    };
    if (isPlain) readEach(batch, onEnd);
    else void readTogether(batch, onEnd);
  }

  function flush(): void {
    isFlushing = false;
    while (waiting.length > 0 && maySend()) send();
    if (waiting.length === 0) {
      stopWait?.();
      stopWait = undefined;
    } else {
      stopWait ??= clock.startTimer?.(sendOverdue, MAX_WAIT_MS);
    }
  }

  /** Sends all that wait; the next batch then waits for the last of these. */
  function sendOverdue(): void {
    stopWait = undefined;
    while (waiting.length > 0) {
      pending.clear();
      send();
    }
  }

  return {
    readField: (key, field, needsTime) =>
      new Promise((resolve, reject) => {
        waiting.push({ key, field, needsTime, resolve, reject });
        if (isFlushing) return;
        isFlushing = true;
        // At the end of the tick, so that all reads of one tick share a command.
        queueMicrotask(flush);
      }),
    notePrimary,
    close,
  };
}

function toPlainRead(reply: unknown): FieldRead {
  return { value: toText((reply as readonly unknown[])[0]), now: 0 };
}

function toText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

function toTime(seconds: unknown, microseconds: unknown): number {
  const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  if (!Number.isSafeInteger(now)) throw new Error('The reply of Redis holds no time.');
  return now;
}
