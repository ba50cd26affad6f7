import { type Environment, type Message, platform, type Tabs } from './environment.js';
import { type HeldToken, holdToken, type TokenResponse } from './held-token.js';
import { requestRenewal } from './renewal.js';
import type { ClientOptions, SessionClient } from './types.js';

/** Has the token of this tab, and agrees on it with the others. */
export interface Keeper extends Pick<SessionClient, 'signedIn' | 'subscribe' | 'start' | 'close'> {
  readonly environment: Environment;
  readonly held: HeldToken | undefined;
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
const LONGEST_WAIT = 3_000;

export function createKeeper(sessionUrl: string, options: ClientOptions): Keeper {
  const { storage } = options;
  const environment: Environment = { ...platform, ...options.environment };
  const { now } = environment;

  const listeners = new Set<() => void>();
  let held: HeldToken | undefined;
  let signedIn: boolean | undefined;
  let renewing: Promise<boolean> | undefined;
  /** Raised by every sign-in and sign-out: what was asked for before is not for the one who is here now. */
  let epoch = 0;
  /** When that was asked for which this tab knows, or is about to know. */
  let since = Number.NEGATIVE_INFINITY;
  let stored: Promise<unknown> = Promise.resolve();
  let onReceived = (): void => {};
  let tabs: Tabs | undefined = environment.openTabs?.(`sess ${sessionUrl}`, onMessage);

  function change(next: HeldToken | undefined, at: number): void {
    held = next;
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
        epoch += 1;
        change(undefined, message.at);
      } else {
        // What is on its way here may be for whoever was signed in before.
        if (message.isSignIn) epoch += 1;
        change(holdToken(message.tokens, message.at), message.at);
        if (renewing !== undefined) tabs?.post({ kind: 'received' });
      }
    }
  }

  /** One after the other, or a slow write would undo a later one. */
  function inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = stored.then(work);
    stored = done.catch(() => {});
    return done;
  }

  async function take(tokens: TokenResponse, at: number, isSignIn: boolean): Promise<void> {
    const next = holdToken(tokens, at);
    if (isSignIn) epoch += 1;
    const asked = epoch;
    const { access_token, expires_in, refresh_token } = tokens;
    if (storage !== undefined && refresh_token !== undefined) {
      // Before the token is used: then the server repeats itself for whoever could not keep it.
      await inTurn(() => storage.set(refresh_token));
    }
    if (asked !== epoch) return;
    change(next, at);
    tabs?.post({ kind: 'token', at, tokens: { access_token, expires_in }, isSignIn });
  }

  async function signOut(at = now(), isForAll = true): Promise<void> {
    epoch += 1;
    change(undefined, at);
    if (isForAll) tabs?.post({ kind: 'signed-out', at });
    await inTurn(() => storage?.remove());
  }

  async function createInit(): Promise<RequestInit | undefined> {
    since = now();
    const init: RequestInit = { method: 'POST', credentials: 'include' };
    // A server whose sessions are in their tokens takes the token itself.
    const headers: Record<string, string> =
      held === undefined ? {} : { Authorization: `Bearer ${held.token}` };
    if (storage === undefined) return { ...init, headers };
    const refreshToken = (await inTurn(() => storage.get())) ?? undefined;
    if (refreshToken === undefined && held === undefined) return undefined;
    return {
      ...init,
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token: refreshToken }),
    };
  }

  /** Renews, unless another tab has done it while this one waited for its turn. */
  async function renewInTurn(stale: HeldToken | undefined, onTold: () => void): Promise<void> {
    if (held !== stale) return;
    const asked = epoch;
    const { at, tokens } = await requestRenewal(environment, `${sessionUrl}/refresh`, async () =>
      asked === epoch ? createInit() : undefined,
    );
    // Unless somebody has signed in or out meanwhile: they have the last word.
    if (asked === epoch) {
      // A tab that had nothing knows nothing of the others.
      if (tokens === undefined) await signOut(at, held !== undefined);
      else await handOver(() => take(tokens, at, false).then(onTold));
    }
  }

  /** Lets go of the others only when they have the token, or each would ask for one of its own. */
  async function handOver(tell: () => Promise<void>): Promise<void> {
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
    if (received < waiting) await Promise.race([all, environment.sleep(LONGEST_WAIT)]);
  }

  function renew(): Promise<boolean> {
    const stale = held;
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
    environment,
    get held() {
      return held;
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
