/** What one tab tells the others. */
export type Message =
  /** A new access token, for how long from now it is good, and whether somebody has signed in for it. */
  | {
      readonly kind: 'token';
      readonly token: string;
      readonly life: number;
      readonly isSignIn: boolean;
    }
  /** The token of another tab has arrived here, while this one waited to renew its own. */
  | { readonly kind: 'received' }
  | { readonly kind: 'signed-out' };

/** The other tabs of the same site. */
export interface Tabs {
  post(message: Message): void;
  /** Runs work while no other tab does. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
  /** How many tabs wait to be the one that works. */
  countWaiting(): Promise<number>;
  close(): void;
}

/** What the client takes from where it runs. Every part has a default, and a test or another platform its own. */
export interface Environment {
  readonly fetch: typeof fetch;
  /** Milliseconds, from anywhere, that go on while the device sleeps. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Opens the way to other tabs; `undefined` where there are none. */
  readonly openTabs?: ((name: string, listener: (message: Message) => void) => Tabs) | undefined;
}

/** The browser's, or what there is of it: Node and React Native have no tabs and no locks. */
export const platform: Environment = {
  fetch: (input, init) => fetch(input, init),
  // The one stands still while some devices sleep, the other jumps when the user sets the clock.
  now: () => Date.now(),
  sleep: (milliseconds) =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    }),
  openTabs: typeof BroadcastChannel === 'function' ? openTabs : undefined,
};

function openTabs(name: string, listener: (message: Message) => void): Tabs {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Message>) => listener(data);
  // In Node it would keep the process.
  (channel as { unref?: () => void }).unref?.();
  // Browsers have locks in secure contexts only (Web Locks, section 3.1).
  const locks = (globalThis as { navigator?: Partial<Navigator> }).navigator?.locks;
  return {
    post: (message) => channel.postMessage(message),
    exclusively: (work) => (locks === undefined ? work() : locks.request(name, work)) as never,
    async countWaiting() {
      const { pending = [] } = (await locks?.query()) ?? {};
      return pending.filter((lock) => lock.name === name).length;
    },
    close: () => channel.close(),
  };
}
