import { createDeadline } from '../deadline.js';
import type { StartTimer } from '../timers.js';
import type { Link, LinkEvents } from './link.js';

/** Milliseconds from one heart-beat to the next. */
const BEAT_EVERY = 1_000;
/** Milliseconds for a heart-beat to come round. */
const ROUND_WITHIN = 1_500;
/** After so many milliseconds without proof a channel counts for nothing. */
export const PROOF_HOLDS: number = BEAT_EVERY + ROUND_WITHIN;
/** Milliseconds before a channel that was lost is opened again. */
const REOPEN_AFTER = 250;

/** The names that beats go round in: by the time one comes again, the one before counts as lost. */
const BEAT_NAMES = 4;
/** Milliseconds that a heart-beat's key lives: longer than the names go round, so that none expires in use. */
const BEAT_LIFE = 10_000;

/** What a channel is made of. */
export interface ChannelContext {
  openLink(events: LinkEvents): Link;
  /** The key of heart-beat `n`, on the node that is listened to; `undefined` if no key lives there. */
  beatKey(n: number): string | undefined;
  /** How the server calls that key. */
  fullKey(key: string): string;
  /** Whether there is a way for writes at the moment. */
  isReady(): boolean;
  /** Sends a command the way writes go. */
  send(key: string, args: readonly string[]): Promise<unknown>;
  /** Milliseconds. */
  now(): number;
  startTimer: StartTimer;
  /** Keys have changed, or all (`undefined`). */
  onInvalidate(keys: readonly string[] | undefined): void;
  /** `provenAt` has moved. */
  onProof(): void;
  /** Invalidations may have been missed from now on. */
  onLost(): void;
}

/** One node's invalidations. */
export interface Channel {
  /**
   * When the last heart-beat was sent that has come round; minus infinity while there is none. Whatever the
   * node wrote before has been heard, for pushes keep their order.
   */
  readonly provenAt: number;
  close(): void;
}

/**
 * Listens to one node, and proves again and again that it is heard: a write to a tracked key, sent the way
 * all writes go, has to come back as an invalidation. It shows a connection that is silent, tracking that is
 * gone, and a client that writes to another server than the one that is listened to.
 */
export function createChannel(context: ChannelContext): Channel {
  const within = createDeadline(ROUND_WITHIN, context.startTimer);
  let link: Link | undefined;
  let provenAt = Number.NEGATIVE_INFINITY;
  let awaited: { readonly key: string; readonly sentAt: number } | undefined;
  let beats = 0;
  let isClosed = false;
  let stopTimer = (): void => {};

  function later(callback: () => void, milliseconds: number): void {
    stopTimer();
    stopTimer = context.startTimer(callback, milliseconds);
  }

  function reset(): void {
    const old = link;
    link = undefined;
    awaited = undefined;
    provenAt = Number.NEGATIVE_INFINITY;
    old?.close();
  }

  function reconnect(): void {
    if (isClosed) return;
    reset();
    context.onLost();
    later(() => void open(), REOPEN_AFTER);
  }

  function beat(): void {
    const key = context.beatKey(beats % BEAT_NAMES);
    if (key === undefined) {
      reconnect();
      return;
    }
    beats += 1;
    awaited = { key: context.fullKey(key), sentAt: context.now() };
    later(reconnect, ROUND_WITHIN);
    // That it failed shows in the proof that stays away.
    context.send(key, ['SET', key, '', 'PX', String(BEAT_LIFE)]).catch(() => {});
  }

  function onProof(sentAt: number): void {
    provenAt = sentAt;
    awaited = undefined;
    context.onProof();
    later(() => {
      // The process stood still, or its clock leapt: what arrives now may be of any age.
      const age = context.now() - provenAt;
      if (age >= 0 && age < PROOF_HOLDS) beat();
      else reconnect();
    }, BEAT_EVERY);
  }

  async function open(): Promise<void> {
    let opened: Link | undefined;
    try {
      // Without the client nothing could be proven; and once it has been closed for good, a connection of
      // ours must not keep the process alive.
      if (!context.isReady()) throw new Error('the client is not connected');
      const current = context.openLink({
        onInvalidate(keys) {
          if (link !== current) return;
          context.onInvalidate(keys);
          if (awaited !== undefined && keys?.includes(awaited.key)) onProof(awaited.sentAt);
        },
        onEnd() {
          if (link === current) reconnect();
        },
      });
      opened = current;
      link = opened;
      await within('CLIENT TRACKING', opened.established);
      if (link === opened) beat();
    } catch {
      if (link === opened) reconnect();
    }
  }

  void open();
  return {
    get provenAt() {
      return provenAt;
    },
    close() {
      isClosed = true;
      stopTimer();
      reset();
    },
  };
}
