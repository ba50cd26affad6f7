import { createBackoff, systemClock } from '@sess/core/internal';
import { canDuplicate, type DedicatedConnection, openDuplicate } from './dedicated-connection.js';
import type { RedisClient, RedisPort } from './port.js';

/** Sends commands through a client and bridges short faults of the connection. */
export interface CommandSender extends RedisPort {
  close(): void;
}

/** The client behind a sender, and for how long a command may be repeated. */
export interface CommandSenderContext {
  readonly client: RedisClient;
  readonly port: RedisPort;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Replies of a server that starts, changes its role or moves slots, and errors of a connection that is being opened. */
const TRANSIENT =
  /READONLY |^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b|^Connection is closed|^Stream isn't writeable|^Reached the max retries|^Socket closed unexpectedly|^The client is (?:closed|offline)|^Disconnects client|^Socket timeout|^Failed to refresh slots|^All the root nodes/;

/** The part of them that a server sends which is a replica now. */
const DEMOTED = /READONLY /;

/** An error reply, as opposed to an error of the client library. */
const REPLY = /^[A-Z]{2,}[A-Z_]* /;

/** Milliseconds before the first repetition; each further pause is twice as long, up to `MAX_PAUSE_MS`. */
const MIN_PAUSE_MS = 10;
const MAX_PAUSE_MS = 160;

/** Milliseconds after which a read behind a pending write is sent over the spare connection as well. */
const HEDGE_MS = 100;

/** Milliseconds in which replies that have arrived are read, before a connection is taken for dead. */
const RECHECK_MS = 20;

/** True if an error may pass by itself, so that the same command can succeed a moment later. */
export function isTransient(error: unknown): boolean {
  return error instanceof Error && TRANSIENT.test(error.message);
}

/**
 * Creates a sender over the caller's client:
 * - A command that fails for a transient reason is repeated until `timeout` has passed. Once nothing of its kind has
 *   succeeded for that long, commands fail immediately, so that an outage is reported without a wait.
 * - A connection that returns READONLY, or nothing for `timeout`, is opened again: once per episode, then ever more
 *   rarely. The client library may have no reason to do so.
 * - A read that waits behind a write for 100 ms is sent over a second connection too: a server whose writes are paused
 *   holds up everything behind a write.
 *
 * Only commands that may run twice may be sent.
 */
export function createCommandSender(context: CommandSenderContext): CommandSender {
  const { client, port, timeout } = context;
  const reads = createOutage(timeout);
  const writes = createOutage(timeout);
  const backoff = createBackoff();
  let pending = 0;
  let pendingWrites = 0;
  /** When the connection last made progress, while commands are pending. */
  let progressAt = 0;
  let isChecking = false;
  let spare: DedicatedConnection | undefined;
  let isClosed = false;

  function reconnect(): void {
    if (port.reconnect === undefined || !backoff.isDue(now())) return;
    pending = 0;
    pendingWrites = 0;
    port.reconnect();
  }

  function checkSilence(): void {
    if (pending === 0 || isChecking || now() - progressAt < timeout) return;
    const before = progressAt;
    isChecking = true;
    systemClock.startTimer?.(
      () => {
        isChecking = false;
        if (pending > 0 && progressAt === before && !isClosed) reconnect();
      },
      RECHECK_MS,
      { background: true },
    );
  }

  /** Notes that a command is sent, to watch whether the connection makes progress. */
  function begin(isReadOnly: boolean): void {
    if (pending === 0) progressAt = now();
    else if (port.reconnect !== undefined) checkSilence();
    pending += 1;
    if (!isReadOnly) pendingWrites += 1;
  }

  /** Sends once. A chain of promises, as this is the hot path. */
  function sendOnce(key: string, isReadOnly: boolean, args: readonly string[]): Promise<unknown> {
    begin(isReadOnly);
    return isReadOnly
      ? port.send(key, true, args).then(onReply, onError)
      : port.send(key, false, args).then(onWriteReply, onWriteError);
  }

  function onReply(reply: unknown): unknown {
    if (pending > 0) pending -= 1;
    if (pending > 0) progressAt = now();
    return reply;
  }

  function noteError(error: unknown): void {
    if (pending > 0) pending -= 1;
    if (error instanceof Error && REPLY.test(error.message)) progressAt = now();
  }

  function onError(error: unknown): never {
    noteError(error);
    throw error;
  }

  function onWriteReply(reply: unknown): unknown {
    if (pendingWrites > 0) pendingWrites -= 1;
    return onReply(reply);
  }

  function onWriteError(error: unknown): never {
    if (pendingWrites > 0) pendingWrites -= 1;
    return onError(error);
  }

  async function sendOverSpare(
    key: string,
    isReadOnly: boolean,
    args: readonly string[],
  ): Promise<unknown> {
    spare ??= openDuplicate(client);
    const { port: other } = spare;
    return repeat(() => other.send(key, isReadOnly, args), createOutage(timeout));
  }

  /** Returns the first reply of both connections; fails with the error of the first one if both fail. */
  function sendHedged(key: string, args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let failed: unknown;
      let left = 1;
      const onFailure = (error: unknown): void => {
        failed ??= error;
        left -= 1;
        if (left === 0) reject(failed);
      };
      const stop = systemClock.startTimer?.(() => {
        if (isClosed) return;
        left += 1;
        sendOverSpare(key, true, args).then(resolve, onFailure);
      }, HEDGE_MS);
      sendOnce(key, true, args)
        .finally(() => stop?.())
        .then(resolve, onFailure);
    });
  }

  // The first attempt has one promise for what `sendOnce` and `repeat` do.
  const onFirstRead = (reply: unknown): unknown => reads.onSuccess(onReply(reply));
  const onFirstWrite = (reply: unknown): unknown => writes.onSuccess(onWriteReply(reply));

  /** Sends, and sends again after a transient error until the timeout has passed. */
  function repeat(send: () => Promise<unknown>, outage: Outage): Promise<unknown> {
    return send().then(outage.onSuccess, (error: unknown) => repeatLater(send, outage, error));
  }

  async function repeatLater(
    send: () => Promise<unknown>,
    outage: Outage,
    first: unknown,
  ): Promise<unknown> {
    // The first attempt has failed a moment after it was made, or the time is over anyway.
    const startedAt = now();
    let error = first;
    for (let pause = MIN_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      if (!isTransient(error)) throw error;
      if (error instanceof Error && DEMOTED.test(error.message)) reconnect();
      const isOver = now() + pause - startedAt >= timeout;
      if (isOver || isClosed || outage.isLong(now())) {
        // A caller that tries again without a pause must not keep the process from reading sockets, and reconnecting.
        await sleep(0);
        throw error;
      }
      await sleep(pause);
      try {
        return outage.onSuccess(await send());
      } catch (next) {
        error = next;
      }
    }
  }

  const canHedge = canDuplicate(client);
  return {
    isCluster: port.isCluster,
    ...(port.onReconnect === undefined ? {} : { onReconnect: port.onReconnect }),
    send(key, isReadOnly, args) {
      const isHedged = (): boolean => isReadOnly && canHedge && pendingWrites > 0;
      const once = (): Promise<unknown> =>
        isHedged() ? sendHedged(key, args) : sendOnce(key, isReadOnly, args);
      const outage = isReadOnly ? reads : writes;
      if (isHedged()) return repeat(once, outage);
      begin(isReadOnly);
      return port
        .send(key, isReadOnly, args)
        .then(isReadOnly ? onFirstRead : onFirstWrite, (error: unknown) => {
          if (!isReadOnly && pendingWrites > 0) pendingWrites -= 1;
          noteError(error);
          return repeatLater(once, outage, error);
        });
    },
    close() {
      isClosed = true;
      spare?.close();
    },
  };
}

/** The time since when nothing has succeeded. */
interface Outage {
  /** Ends the outage, and returns the reply. */
  onSuccess(reply: unknown): unknown;
  /** True if failures have lasted for the timeout. Called after each failure. */
  isLong(at: number): boolean;
}

function createOutage(timeout: number): Outage {
  let since: number | undefined;
  return {
    onSuccess(reply) {
      since = undefined;
      return reply;
    },
    isLong(at) {
      since ??= at;
      return at - since >= timeout;
    },
  };
}

function now(): number {
  return systemClock.elapsed?.() ?? systemClock.now();
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.startTimer?.(resolve, milliseconds);
  });
}
