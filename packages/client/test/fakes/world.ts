import { createClient, type RefreshTokenStorage, type SessionClient } from '../../src/index.js';
import { BASE, createFakeApi, type FakeApi } from './api.js';
import { createFakeBrowser, type FakeBrowser, type FakeTab } from './browser.js';

export interface World {
  readonly api: FakeApi;
  readonly browser: FakeBrowser;
  readonly clock: { now: number };
  /** What was slept, in milliseconds; no test waits for it. */
  readonly slept: readonly number[];
  /** A client in a tab of its own. */
  open(options?: OpenOptions): OpenClient;
}

export type OpenClient = SessionClient & { readonly tab: FakeTab | undefined };

export interface OpenOptions {
  readonly storage?: RefreshTokenStorage;
  readonly fetch?: typeof fetch;
  readonly baseUrl?: string;
}

export interface WorldOptions {
  readonly hasLocks?: boolean;
  readonly life?: number;
}

export function createWorld({ hasLocks = true, life = 900 }: WorldOptions = {}): World {
  const api = createFakeApi(life);
  const browser = createFakeBrowser({ hasLocks });
  const clock = { now: 1_700_000_000_000 };
  const slept: number[] = [];
  return {
    api,
    browser,
    clock,
    slept,
    open({ storage, fetch = api.fetch, baseUrl = BASE } = {}) {
      let tab: FakeTab | undefined;
      const client = createClient({
        baseUrl,
        ...(storage === undefined ? {} : { storage }),
        environment: {
          fetch,
          now: () => clock.now,
          async sleep(milliseconds) {
            slept.push(milliseconds);
            // Long enough for messages between tabs, which take a turn of the event loop each.
            for (let turn = 0; turn < 5; turn += 1) await turnOver();
          },
          openTabs(name, listener) {
            tab = browser.openTabs(name, listener);
            return tab;
          },
        },
      });
      return Object.defineProperty(client, 'tab', { get: () => tab }) as never;
    },
  };
}

function turnOver(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything that is on its way arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await turnOver();
}

/** A promise to be kept later. */
export function createGate<Value>(): {
  readonly promise: Promise<Value>;
  readonly open: (value: Value) => void;
} {
  let open: (value: Value) => void = () => {};
  const promise = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Three tabs, in the first of which somebody has signed in. */
export async function threeTabs(
  options?: WorldOptions,
): Promise<World & { readonly tabs: readonly [OpenClient, OpenClient, OpenClient] }> {
  const world = createWorld(options);
  const tabs = [world.open(), world.open(), world.open()] as const;
  await tabs[0].start(world.api.issue());
  await settle();
  return { ...world, tabs };
}
