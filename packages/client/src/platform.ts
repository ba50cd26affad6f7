import type { Message, Platform, Tabs } from './types.js';

/** Milliseconds after which a tab renews beside a lock holder that does not progress, as in a dialog or debugger. */
const LOCK_TIMEOUT_MS = 15_000;

/** Creates the default platform: the browser, or the parts of it that exist. */
export function createPlatform(): Platform {
  // Taken now: `globalThis.fetch = client.fetch` must not lead the client to itself.
  const { fetch } = globalThis;
  return {
    fetch: (input, init) => fetch(input, init),
    // A monotonic clock stands still on some devices while they sleep.
    now: () => Date.now(),
    startTimer,
    // Servers and test runners have channels too, which would join the clients of different users.
    openTabs:
      typeof BroadcastChannel === 'function' && !isServerProcess() && globalThis.location
        ? openTabs
        : undefined,
  };
}

/** True in a process that may serve many users. Globals of a DOM shim do not count; an Electron window is a page. */
export function isServerProcess(): boolean {
  const { versions } = (globalThis as { process?: NodeProcess }).process ?? {};
  return versions?.node !== undefined && versions.electron === undefined;
}

interface NodeProcess {
  readonly versions?: { readonly node?: string; readonly electron?: string };
}

function startTimer(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
}

/** Opens a BroadcastChannel, with Web Locks where the browser has them. */
export function openTabs(name: string, listener: (message: Message) => void): Tabs {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<Message>) => listener(data);
  // Browsers have locks in secure contexts only (Web Locks, section 3.1).
  const locks = (globalThis.navigator as Partial<Navigator>).locks;
  return {
    post: (message) => channel.postMessage(message),
    async exclusively(work) {
      if (!locks) return work();
      const controller = new AbortController();
      const cancel = startTimer(LOCK_TIMEOUT_MS, () => controller.abort());
      let hasBegun = false;
      const begin = () => {
        cancel();
        hasBegun = true;
        return work();
      };
      try {
        return (await locks.request(name, { signal: controller.signal }, begin)) as never;
      } catch (error) {
        if (hasBegun) throw error;
        // The lock was refused, as where a user forbids a site to keep anything, or not granted in time.
        return begin();
      }
    },
    async countWaiting() {
      const { pending } = (await locks?.query()) ?? {};
      return pending?.filter((lock) => lock.name === name).length ?? 0;
    },
    close: () => channel.close(),
  };
}
