import type { TokenResponse } from './held-token.js';

/** What one tab tells the others. `at` is when it was asked for: what was asked for earlier does not count any more. */
export type Message =
  /** New tokens, the refresh token not among them, and whether somebody has signed in for them. */
  | {
      readonly kind: 'token';
      readonly at: number;
      readonly tokens: TokenResponse;
      readonly isSignIn: boolean;
    }
  | { readonly kind: 'signed-out'; readonly at: number }
  /** The token of another tab has arrived here, while this one waited to renew its own. */
  | { readonly kind: 'received' };

/** The other tabs of the same site. */
export interface Tabs {
  post(message: Message): void;
  /** Runs work while no other tab does, as far as that can be had. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
  /** How many tabs wait to be the one that works. */
  countWaiting(): Promise<number>;
  close(): void;
}

/** What the client takes from where it runs. Every part has a default, and a test or another platform its own. */
export interface Environment {
  readonly fetch: typeof fetch;
  /** Milliseconds, from a moment that all tabs share, that go on while the device sleeps. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Opens the way to other tabs; `undefined` where there are none. */
  readonly openTabs?: ((name: string, listener: (message: Message) => void) => Tabs) | undefined;
}

/** Milliseconds after which a tab renews beside one that has the lock and stands still, as in a dialog or a debugger. */
const PATIENCE = 15_000;

/** The browser's, or what there is of it. */
export const platform: Environment = {
  fetch: (input, init) => fetch(input, init),
  // The one stands still while some devices sleep, the other jumps when the user sets the clock.
  now: () => Date.now(),
  sleep: (milliseconds) =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    }),
  // Servers have channels too, and there the clients of different users would share them.
  get openTabs() {
    return typeof BroadcastChannel === 'function' && globalThis.location ? openTabs : undefined;
  },
};

function openTabs(name: string, listener: (message: Message) => void): Tabs {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Message>) => listener(data);
  // Browsers have locks in secure contexts only (Web Locks, section 3.1).
  const locks = (globalThis.navigator as Partial<Navigator>).locks;
  return {
    post: (message) => channel.postMessage(message),
    async exclusively(work) {
      let began = false;
      try {
        const signal = AbortSignal.timeout?.(PATIENCE);
        const begin = () => {
          began = true;
          return work();
        };
        if (locks) return (await locks.request(name, { signal }, begin)) as never;
      } catch (error) {
        // Not to be had, as where a user forbids a site to keep anything.
        if (began) throw error;
      }
      return work();
    },
    async countWaiting() {
      const { pending } = (await locks?.query()) ?? {};
      return pending?.filter((lock) => lock.name === name).length ?? 0;
    },
    close: () => channel.close(),
  };
}
