import { type HeldToken, holdToken, isWithin, type Period, userOf } from './held-token.js';
import { createPlatform, isServerProcess } from './platform.js';
import { isTransient, readRetryAfter, requestRenewal, SessionClientError } from './renewal.js';
import type {
  ClientOptions,
  Message,
  Platform,
  SessionChange,
  SessionClient,
  Tabs,
  TokenResponse,
} from './types.js';

/** A renewal in flight. */
interface PendingRenewal {
  /** Resolves to true if a user is signed in. Rejects as `requestRenewal`. */
  readonly done: Promise<boolean>;
  /** Resolves when requests need not wait for it any longer: it is done, failed once, or slow. */
  readonly ready: Promise<void>;
}

/** Holds the token of this tab and shares it with the other tabs. */
export interface TokenManager
  extends Pick<SessionClient, 'signedIn' | 'subscribe' | 'start' | 'close'> {
  readonly platform: Platform;
  readonly current: HeldToken | undefined;
  readonly isRenewing: boolean;
  /**
   * Binds a request to the sign-in of this moment. The returned function returns the token to send: `undefined`
   * without one, `null` after a change of user.
   */
  bind(): () => string | undefined | null;
  /** Starts a renewal if the token needs one. Returns a promise to wait for before sending, `undefined` if none. */
  prepare(): Promise<void> | undefined;
  /** Renews the token, once for all callers. @throws as `requestRenewal`; during a pause without a request */
  renew(): Promise<boolean>;
  /** Forgets the token in all tabs, unless another user than that of `key` is signed in by now. */
  signOut(key: HeldToken['key'] | undefined): Promise<void>;
  /** Returns what a renewal or a sign-out is sent with; `undefined` without any token. */
  createInit(): Promise<RequestInit | undefined>;
}

/** Milliseconds for which requests wait for a renewal, and a renewed tab for the others to receive the token. */
const MAX_WAIT_MS = 5_000;
/** Milliseconds without renewals after a refusal that has no `Retry-After`. */
const REFUSAL_PAUSE_MS = 10_000;

/**
 * Creates the token manager of one client.
 *
 * @param sessionUrl the address of the session routes; the channel between tabs is named after it
 */
export function createTokenManager(sessionUrl: string, options: ClientOptions): TokenManager {
  const { storage, environment = {} } = options;
  const platform: Platform = { ...createPlatform(), ...environment };
  const { now, startTimer } = platform;
  // A caller with its own fetch has its own cookies, and thus one user.
  const isShared = environment.fetch === undefined && isServerProcess();

  const listeners = new Set<(change: SessionChange) => void>();
  let current: HeldToken | undefined;
  let signedIn: boolean | undefined;
  let pending: PendingRenewal | undefined;
  let pause: (Period & { readonly error: SessionClientError }) | undefined;
  /** Raised by every change of the session: results requested before are discarded, requests made before not sent. */
  let generation = 0;
  /** Aborts the renewal in flight: its late response would replace the cookie of a newer sign-in. */
  let inFlight: AbortController | undefined;
  /**
   * The order of the newest event that this tab knows; older messages are ignored. A counter that starts at the clock, so
   * that a new tab is not behind the others.
   */
  let order = 0;
  let stored: Promise<unknown> = Promise.resolve();
  let onReceived = (): void => {};
  let tabs: Tabs | undefined = platform.openTabs?.(`sess ${sessionUrl}`, onMessage);
  const post = (message: Message): void => tabs?.post(message);
  post({ kind: 'hello', order });

  /** Returns the order of a sign-in or sign-out, above all that this tab has seen. */
  function nextOrder(): number {
    order = Math.max(order + 1, now());
    return order;
  }

  function startGeneration(): void {
    generation += 1;
    inFlight?.abort();
  }

  function change(next: HeldToken | undefined): void {
    const { sid, subject } = next ?? current ?? {};
    const isSame = next?.key === current?.key;
    const type = next ? (isSame ? 'renewed' : 'signed-in') : 'signed-out';
    // A request from the time before the first look belongs to the user whom that shows.
    if (!next || (current && !isSame)) startGeneration();
    current = next;
    signedIn = !!next;
    for (const listener of [...listeners]) {
      try {
        listener({ type, sid, subject });
      } catch (error) {
        // Reported as unhandled: a fault of one listener must not reach the others.
        void Promise.reject(error);
      }
    }
  }

  function hold(tokens: TokenResponse, at: number, signInOrder: number | undefined): HeldToken {
    return holdToken(tokens, at, signInOrder ?? current?.key ?? order);
  }

  function onMessage(message: Message): void {
    // Equal orders are rare and need the same winner in all tabs; a renewal in flight has no result yet.
    const isNewer =
      message.order > order ||
      (message.order === order &&
        (pending ||
          message.kind !== 'token' ||
          !current ||
          message.tokens.access_token > current.token));
    // A message of another version of this package may lack it.
    order = Math.max(order, message.order) || order;
    if (message.kind === 'hello') {
      post({ kind: 'order', order });
      postPause();
    }
    if (message.kind === 'received') onReceived();
    else if (message.kind === 'paused') {
      const { from, until, status } = message;
      pause = {
        from,
        until,
        error: new SessionClientError(new Response(null, { status }), undefined),
      };
    } else if (message.kind === 'token' && isNewer) {
      const { tokens, at, isSignIn } = message;
      // A result in flight may belong to the user before.
      if (isSignIn) startGeneration();
      change(hold(tokens, at, isSignIn ? order : undefined));
    } else if (message.kind === 'signed-out') {
      const { sid } = message;
      const own = current?.sid;
      // An ended session stays ended, in any order of messages; a renewal in flight finds out by itself.
      const isOwn = sid && own ? sid === own && (isNewer || !pending) : isNewer;
      if (isOwn) change(undefined);
    }
    // Replies, and not the result of a renewal.
    const isReply = /^(hello|order|received)$/.test(message.kind);
    if (pending && !isReply) post({ kind: 'received', order: 0 });
  }

  function postPause(): void {
    if (pause === undefined) return;
    const { from, until, error } = pause;
    post({ kind: 'paused', order, from, until, status: error.status });
  }

  /** Runs storage operations one after the other: a slow write must not undo a later one. */
  function runExclusive<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = stored.then(work);
    stored = done.catch(() => {});
    return done;
  }

  async function take(tokens: TokenResponse, at: number, asked: number, isSignIn: boolean) {
    const next = hold(tokens, at, isSignIn ? asked : undefined);
    if (isShared && current && userOf(next) !== userOf(current)) {
      throw new TypeError(
        'start: expected the user of this client, got another one. In a server process create one client per request.',
      );
    }
    if (isSignIn) startGeneration();
    const before = generation;
    const { access_token, expires_in, refresh_token } = tokens;
    if (storage && refresh_token) {
      // Before the token is used: until then the server repeats its response to the old one.
      await runExclusive(() => storage.set(refresh_token));
    }
    if (before !== generation) return;
    change(next);
    const shared = { access_token, expires_in };
    post({ kind: 'token', order: asked, at, tokens: shared, isSignIn });
  }

  async function forget(isForAll: boolean, asked = nextOrder()): Promise<void> {
    const sid = current?.sid;
    change(undefined);
    if (isForAll) post({ kind: 'signed-out', order: asked, sid });
    await runExclusive(() => storage?.remove());
  }

  async function createInit(): Promise<RequestInit | undefined> {
    // A server whose sessions are in their tokens takes the token itself.
    const headers = new Headers(current && { Authorization: `Bearer ${current.token}` });
    const init = { method: 'POST', headers };
    if (!storage) return { ...init, credentials: 'include' };
    headers.set('Content-Type', 'application/json');
    const refresh_token = (await runExclusive(() => storage.get())) ?? undefined;
    const isEmpty = !refresh_token && !headers.has('Authorization');
    return isEmpty ? undefined : { ...init, body: JSON.stringify({ refresh_token }) };
  }

  /** Renews, unless another tab has done so while this one waited for the lock. */
  async function renewExclusively(
    stale: HeldToken | undefined,
    onDone: () => void,
    onFailure: () => void,
  ): Promise<void> {
    if (current !== stale) return;
    throwIfPaused();
    const before = generation;
    let asked = 0;
    try {
      const { at, tokens } = await requestRenewal(platform, {
        url: `${sessionUrl}/refresh`,
        onFailure,
        createInit(controller) {
          if (before !== generation) return undefined;
          inFlight = controller;
          // Above the last event, and below the next one in any tab.
          asked = Math.max(order + 0.001, now() - 0.5);
          order = asked;
          return createInit();
        },
      });
      // A sign-in or sign-out in the meantime decides.
      if (before !== generation) return;
      if (tokens) await publish(() => take(tokens, at, asked, false).then(onDone));
      else if (current) await publish(() => forget(true, asked));
      // A tab without a token knows nothing about the others, which have nothing to receive then.
      else await forget(false, asked);
    } catch (error) {
      const milliseconds =
        readRetryAfter(error, now()) || (isTransient(error) ? 0 : REFUSAL_PAUSE_MS);
      if (milliseconds > 0 && error instanceof SessionClientError) {
        pause = { from: now(), until: now() + milliseconds, error };
        await publish(async () => postPause());
      }
      throw error;
    }
  }

  /** Keeps the lock until the waiting tabs have the message; otherwise each would send a request. */
  async function publish(send: () => Promise<void>): Promise<void> {
    let received = 0;
    let waiting = 0;
    let onAll = (): void => {};
    onReceived = () => {
      received += 1;
      if (received >= waiting) onAll();
    };
    await send();
    waiting = (await tabs?.countWaiting().catch(() => 0)) ?? 0;
    if (received >= waiting) return;
    await new Promise<void>((resolve) => {
      const cancel = startTimer(MAX_WAIT_MS, resolve);
      onAll = () => {
        cancel();
        resolve();
      };
    });
  }

  function throwIfPaused(): void {
    if (isWithin(pause, now())) throw pause?.error;
  }

  function startRenewal(): PendingRenewal {
    if (pending) return pending;
    const stale = current;
    let onReady = (): void => {};
    const ready = new Promise<void>((resolve) => {
      const cancel = startTimer(MAX_WAIT_MS, resolve);
      onReady = () => {
        cancel();
        resolve();
      };
    });
    const done = new Promise<boolean>((resolve, reject) => {
      const onDone = (): void => resolve(!!signedIn);
      // The requests of this tab continue before the other tabs have the token.
      const work = (): Promise<void> => renewExclusively(stale, onDone, onReady);
      (tabs?.exclusively(work) ?? work()).then(onDone, reject);
    }).finally(() => {
      pending = undefined;
      onReady();
    });
    // Reported to the callers of `refresh`; requests continue without it.
    done.catch(() => {});
    pending = { done, ready };
    return pending;
  }

  return {
    platform,
    get current() {
      return current;
    },
    get signedIn() {
      return signedIn;
    },
    get isRenewing() {
      return !!pending;
    },
    bind() {
      const before = generation;
      const key = current?.key;
      return () =>
        current && before !== generation && key !== current.key ? null : current?.token;
    },
    prepare() {
      const isSettled = signedIn === false || isWithin(current, now()) || isWithin(pause, now());
      return isSettled ? undefined : startRenewal().ready;
    },
    async renew() {
      throwIfPaused();
      return startRenewal().done;
    },
    subscribe(listener) {
      const entry = (change: SessionChange): void => listener(change);
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    start: (tokens) => take(tokens, now(), nextOrder(), true),
    async signOut(key) {
      if (!key || !current || key === current.key) await forget(true);
    },
    createInit,
    close() {
      tabs?.close();
      tabs = undefined;
    },
  };
}
