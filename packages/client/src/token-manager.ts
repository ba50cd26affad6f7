import { platform as defaultPlatform } from './platform.js';
import { requestRenewal } from './renewal.js';
import type {
  ClientOptions,
  Message,
  Platform,
  SessionClient,
  Tabs,
  TokenResponse,
} from './types.js';

/** The access token of this tab, in memory only. */
export interface HeldToken {
  readonly token: string;
  /** When it runs out, and from when on it is renewed before it is used; milliseconds of the environment's `now`. */
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** Milliseconds before its end at which a token is renewed, unless that is more than a tenth of its ttlMs. */
const CLOCK_SKEW_MS = 30_000;
/** No access token of a sane service lives longer. */
const MAX_TTL_MS = 7 * 86_400_000;

/**
 * @param at when it was asked for: a slow answer makes nothing live longer
 * @throws TypeError for an answer without a token, such as that of a gateway or of a sign-in that was refused
 */
export function holdToken(
  { access_token: token, expires_in }: TokenResponse,
  at: number,
): HeldToken {
  if (typeof token !== 'string') throw new TypeError('The answer has no access_token.');
  const ttlMs = expires_in * 1_000;
  const expiresAt = at + ttlMs;
  return { token, expiresAt, renewAt: expiresAt - Math.min(CLOCK_SKEW_MS, ttlMs / 10) };
}

/** Whether it can be used as it is. A clock that was set back makes a token of the future: renewed, to be sure. */
export function isFresh(current: HeldToken | undefined, now: number): boolean {
  return current !== undefined && now < current.renewAt && now >= current.renewAt - MAX_TTL_MS;
}

/** Has the token of this tab, and agrees on it with the others. */
export interface TokenManager
  extends Pick<SessionClient, 'signedIn' | 'subscribe' | 'start' | 'close'> {
  readonly platform: Platform;
  readonly current: HeldToken | undefined;
  /** Renews the token, once for all who ask; answers whether somebody is signed in. @throws as `requestRenewal` */
  renew(): Promise<boolean>;
  /** Forgets it here and in all tabs. */
  signOut(): Promise<void>;
  /** What a renewal or a sign-out is asked for with; `undefined` when there is nothing. */
  createInit(): Promise<RequestInit | undefined>;
}

/**
 * How long a tab that has renewed keeps the others waiting until they have heard of it, at most. Milliseconds. On a busy
 * device that takes a while, and one that has not heard asks for a token of its own.
 */
const MAX_WAIT_MS = 3_000;

export function createTokenManager(sessionUrl: string, options: ClientOptions): TokenManager {
  const { storage } = options;
  const platform: Platform = { ...defaultPlatform, ...options.environment };
  const { now } = platform;

  const listeners = new Set<() => void>();
  let current: HeldToken | undefined;
  let signedIn: boolean | undefined;
  let renewing: Promise<boolean> | undefined;
  /** Raised by every sign-in and sign-out: what was asked for before is not for the one who is here now. */
  let generation = 0;
  /** When that was asked for which this tab knows, or is about to know. */
  let since = Number.NEGATIVE_INFINITY;
  let stored: Promise<unknown> = Promise.resolve();
  let onReceived = (): void => {};
  let tabs: Tabs | undefined = platform.openTabs?.(`sess ${sessionUrl}`, onMessage);

  function change(next: HeldToken | undefined, at: number): void {
    current = next;
    signedIn = next !== undefined;
    since = at;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        // Shown as unhandled: it is the listener's fault, and not to be anybody else's.
        void Promise.reject(error);
      }
    }
  }

  function onMessage(message: Message): void {
    if (message.kind === 'received') onReceived();
    else if (message.at >= since) {
      if (message.kind === 'signed-out') {
        generation += 1;
        change(undefined, message.at);
      } else {
        // What is on its way here may be for whoever was signed in before.
        if (message.isSignIn) generation += 1;
        change(holdToken(message.tokens, message.at), message.at);
        if (renewing !== undefined) tabs?.post({ kind: 'received' });
      }
    }
  }

  /** One after the other, or a slow write would undo a later one. */
  function runExclusive<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = stored.then(work);
    stored = done.catch(() => {});
    return done;
  }

  async function take(tokens: TokenResponse, at: number, isSignIn: boolean): Promise<void> {
    const next = holdToken(tokens, at);
    if (isSignIn) generation += 1;
    const asked = generation;
    const { access_token, expires_in, refresh_token } = tokens;
    if (storage !== undefined && refresh_token !== undefined) {
      // Before the token is used: then the server repeats itself for whoever could not keep it.
      await runExclusive(() => storage.set(refresh_token));
    }
    if (asked !== generation) return;
    change(next, at);
    tabs?.post({ kind: 'token', at, tokens: { access_token, expires_in }, isSignIn });
  }

  async function signOut(at = now(), isForAll = true): Promise<void> {
    generation += 1;
    change(undefined, at);
    if (isForAll) tabs?.post({ kind: 'signed-out', at });
    await runExclusive(() => storage?.remove());
  }

  async function createInit(): Promise<RequestInit | undefined> {
    since = now();
    const init: RequestInit = { method: 'POST', credentials: 'include' };
    // A server whose sessions are in their tokens takes the token itself.
    const headers: Record<string, string> =
      current === undefined ? {} : { Authorization: `Bearer ${current.token}` };
    if (storage === undefined) return { ...init, headers };
    const refreshToken = (await runExclusive(() => storage.get())) ?? undefined;
    if (refreshToken === undefined && current === undefined) return undefined;
    return {
      ...init,
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token: refreshToken }),
    };
  }

  /** Renews, unless another tab has done it while this one waited for its turn. */
  async function renewInTurn(stale: HeldToken | undefined, onTold: () => void): Promise<void> {
    if (current !== stale) return;
    const asked = generation;
    const { at, tokens } = await requestRenewal(platform, `${sessionUrl}/refresh`, async () =>
      asked === generation ? createInit() : undefined,
    );
    // Unless somebody has signed in or out meanwhile: they have the last word.
    if (asked === generation) {
      // A tab that had nothing knows nothing of the others.
      if (tokens === undefined) await signOut(at, current !== undefined);
      else await publishToken(() => take(tokens, at, false).then(onTold));
    }
  }

  /** Lets go of the others only when they have the token, or each would ask for one of its own. */
  async function publishToken(tell: () => Promise<void>): Promise<void> {
    let received = 0;
    let waiting = Number.POSITIVE_INFINITY;
    const all = new Promise<void>((resolve) => {
      onReceived = () => {
        received += 1;
        if (received >= waiting) resolve();
      };
    });
    await tell();
    waiting = (await tabs?.countWaiting().catch(() => 0)) ?? 0;
    if (received < waiting) await Promise.race([all, platform.sleep(MAX_WAIT_MS)]);
  }

  function renew(): Promise<boolean> {
    const stale = current;
    renewing ??= new Promise<boolean>((resolve, reject) => {
      const done = (): void => resolve(signedIn === true);
      // Its own requests go on when the token is there, whoever else has yet to hear of it.
      const work = (): Promise<void> => renewInTurn(stale, done);
      (tabs?.exclusively(work) ?? work()).then(done, reject);
    }).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  return {
    platform,
    get current() {
      return current;
    },
    get signedIn() {
      return signedIn;
    },
    subscribe(listener) {
      const entry = (): void => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    start: (tokens) => take(tokens, now(), true),
    renew,
    signOut: () => signOut(),
    createInit,
    close() {
      tabs?.close();
      tabs = undefined;
    },
  };
}
