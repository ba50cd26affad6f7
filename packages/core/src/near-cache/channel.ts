import { type Clock, withTimeout } from '../util/clock.js';

/** Milliseconds between two heartbeats. */
const HEARTBEAT_MS = 1_000;
/** Milliseconds in which a heartbeat has to return. */
const HEARTBEAT_TIMEOUT_MS = 1_500;
/** Milliseconds for which a returned heartbeat proves that changes arrive. */
const PROOF_MS: number = HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS;
/** Milliseconds before a lost connection is opened again. Each further pause is twice as long. */
const MIN_REOPEN_MS = 250;
const MAX_REOPEN_MS = 30_000;

/** Events of one connection. */
export interface ChannelEvents {
  /** These have changed, as the server names them; `undefined` stands for everything. */
  onChange(names: readonly string[] | undefined): void;
  /** The connection has ended. */
  onEnd(): void;
}

/**
 * A connection that only receives changes. It is used once: a client that reconnects by itself would miss the changes
 * in between without a sign.
 */
export interface ChannelConnection {
  /** Resolves when the server will report every further change. */
  readonly established: Promise<void>;
  /** Closes the connection immediately. */
  close(): void;
}

/** A change that is made to prove that changes arrive. */
export interface Heartbeat {
  /** The name under which the server has to report it. */
  readonly name: string;
  /** Sends it the way that writes are sent. */
  send(): Promise<unknown>;
}

/** What a channel needs, and its listeners. */
export interface ChannelContext {
  /** Epoch milliseconds of the engine. */
  now(): number;
  /** Timers. They do not keep the process alive. */
  readonly clock: Pick<Clock, 'startTimer'>;
  /** True if the client is connected. Without it nothing can be proven, and the channel waits. */
  isReady(): boolean;
  open(events: ChannelEvents): ChannelConnection;
  /** Returns the next heartbeat; `undefined` if none can be sent to this server at the moment. */
  nextHeartbeat(): Heartbeat | undefined;
  /** The likely cause if a connection is established, but no heartbeat returns. */
  readonly silence: string;
  onChange(names: readonly string[] | undefined): void;
  /** `provenAt` has changed. */
  onProof(): void;
  /** Changes may be missed from now on. */
  onLost(): void;
  /** A connection could not be set up. */
  onFailure(error: unknown): void;
}

/** The changes that one server reports. */
export interface Channel {
  /** When the last returned heartbeat was sent; minus infinity if there is none. Changes arrive in order. */
  readonly provenAt: number;
  close(): void;
}

/** True if a channel that was proven at `provenAt` has received every change until a moment ago. */
export function isProof(provenAt: number, now: number): boolean {
  return now >= provenAt && now - provenAt < PROOF_MS;
}

/**
 * Opens a channel and keeps it open. Heartbeats prove it: a change, sent like all writes, has to return on the channel.
 * That reveals a silent connection, a lost subscription, and a client that writes to another server.
 */
export function createChannel(context: ChannelContext): Channel {
  const { clock, now } = context;
  let connection: ChannelConnection | undefined;
  let provenAt = Number.NEGATIVE_INFINITY;
  let awaited: { readonly name: string; readonly sentAt: number } | undefined;
  let sendError: unknown;
  let pause = MIN_REOPEN_MS;
  let isClosed = false;
  let stopTimer: (() => void) | undefined;

  function later(callback: () => void, milliseconds: number): void {
    stopTimer?.();
    stopTimer = clock.startTimer?.(callback, milliseconds, { background: true });
  }

  function reset(): void {
    const old = connection;
    connection = undefined;
    awaited = undefined;
    provenAt = Number.NEGATIVE_INFINITY;
    old?.close();
  }

  function reconnect(): void {
    if (isClosed) return;
    reset();
    context.onLost();
    later(() => void open(), pause);
    pause = Math.min(2 * pause, MAX_REOPEN_MS);
  }

  function onSilence(): void {
    // A channel that worked before is most likely cut: the next attempt finds out.
    const wasProven = Number.isFinite(provenAt);
    if (!wasProven && context.isReady()) context.onFailure(sendError ?? new Error(context.silence));
    reconnect();
  }

  function sendHeartbeat(): void {
    const heartbeat = context.nextHeartbeat();
    if (heartbeat === undefined) {
      reconnect();
      return;
    }
    const { name } = heartbeat;
    awaited = { name, sentAt: now() };
    sendError = undefined;
    later(onSilence, HEARTBEAT_TIMEOUT_MS);
    // A failure shows in the change that does not arrive.
    heartbeat.send().catch((error: unknown) => {
      if (awaited?.name === name) sendError = error;
    });
  }

  function onProof(sentAt: number): void {
    provenAt = sentAt;
    awaited = undefined;
    pause = MIN_REOPEN_MS;
    context.onProof();
    later(() => {
      // If the process was suspended or its clock was set, changes of any age may arrive now.
      if (isProof(provenAt, now())) sendHeartbeat();
      else reconnect();
    }, HEARTBEAT_MS);
  }

  async function open(): Promise<void> {
    if (!context.isReady()) {
      later(() => void open(), MIN_REOPEN_MS);
      return;
    }
    let opened: ChannelConnection | undefined;
    try {
      const current = context.open({
        onChange(names) {
          if (connection !== current) return;
          context.onChange(names);
          if (awaited !== undefined && names?.includes(awaited.name)) onProof(awaited.sentAt);
        },
        onEnd() {
          if (connection === current) reconnect();
        },
      });
      opened = current;
      connection = current;
      await withTimeout(current.established, {
        clock,
        milliseconds: HEARTBEAT_TIMEOUT_MS,
        createError: () => new Error('the subscription was not confirmed in time'),
      });
      if (connection === current) sendHeartbeat();
    } catch (error) {
      context.onFailure(error);
      if (connection === opened) reconnect();
    }
  }

  void open();
  return {
    get provenAt() {
      return provenAt;
    },
    close() {
      isClosed = true;
      stopTimer?.();
      reset();
    },
  };
}
