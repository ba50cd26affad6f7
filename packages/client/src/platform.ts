import type { Message, Platform, Tabs } from './types.js';

/** Milliseconds after which a tab renews beside one that has the lock and stands still, as in a dialog or a debugger. */
const TIMEOUT_MS = 15_000;

/** The browser's, or what there is of it. */
export const platform: Platform = {
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
        const signal = AbortSignal.timeout?.(TIMEOUT_MS);
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
