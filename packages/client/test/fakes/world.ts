import { createClient, type RefreshTokenStorage, type SessionClient } from '../../src/index.js';
import { BASE, createFakeApi, type FakeApi } from './api.js';
import { createFakeBrowser, type FakeBrowser, type FakeTab } from './browser.js';

export interface World {
  readonly api: FakeApi;
  readonly browser: FakeBrowser;
  readonly clock: { now: number };
  /** The delays between attempts, in milliseconds. They end by themselves after a few turns of the event loop. */
  readonly slept: readonly number[];
  /** Moves the clock on and fires the time limits that are due. */
  pass(milliseconds: number): Promise<void>;
  /** A client in a tab of its own. */
  open(options?: OpenOptions): OpenClient;
}

export type OpenClient = SessionClient & { readonly tab: FakeTab | undefined };

export interface OpenOptions {
  readonly storage?: RefreshTokenStorage;
  readonly fetch?: typeof fetch;
  readonly baseUrl?: string;
  readonly origins?: readonly string[];
}

/** From this length on a timer is a time limit, which fires in `pass` only. */
const LIMIT_MS = 5_000;

export interface WorldOptions {
  readonly hasLocks?: boolean;
  readonly life?: number;
}

export function createWorld({ hasLocks = true, life = 900 }: WorldOptions = {}): World {
  const api = createFakeApi(life);
  const browser = createFakeBrowser({ hasLocks });
  const clock = { now: 1_700_000_000_000 };
  const slept: number[] = [];
  const limits = new Map<() => void, number>();

  function startTimer(milliseconds: number, callback: () => void): () => void {
    let isCancelled = false;
    const fire = (): void => void (isCancelled || callback());
    if (milliseconds >= LIMIT_MS) limits.set(fire, clock.now + milliseconds);
    else {
      slept.push(milliseconds);
      // Long enough for messages between tabs, which take a turn of the event loop each.
      void turnOver(5).then(fire);
    }
    return () => {
      isCancelled = true;
      limits.delete(fire);
    };
  }

  return {
    api,
    browser,
    clock,
    slept,
    async pass(milliseconds) {
      clock.now += milliseconds;
      for (const [fire, at] of [...limits]) {
        if (at > clock.now) continue;
        limits.delete(fire);
        fire();
      }
      await settle();
    },
    open({ storage, fetch = api.fetch, baseUrl = BASE, origins = [] } = {}) {
      let tab: FakeTab | undefined;
      const client = createClient({
        baseUrl,
        origins,
        ...(storage === undefined ? {} : { storage }),
        environment: {
          fetch,
          now: () => clock.now,
          startTimer,
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

async function turnOver(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets everything that is on its way arrive. */
export async function settle(): Promise<void> {
  await turnOver(20);
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
