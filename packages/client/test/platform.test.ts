import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../src/index.js';
import { createPlatform, openTabs } from '../src/platform.js';
import type { Message } from '../src/types.js';
import { settle } from './fakes/world.js';

afterEach(() => vi.unstubAllGlobals());

/** Opens tabs as on a page, with these locks. */
function open(locks: unknown, listener: (message: Message) => void = () => {}) {
  vi.stubGlobal('navigator', { locks });
  return openTabs('sess test', listener);
}

describe('createPlatform', () => {
  it('offers no tabs in a server process, whose clients belong to different users', async () => {
    // A DOM shim has all of them.
    for (const name of ['window', 'document', 'self']) vi.stubGlobal(name, globalThis);
    vi.stubGlobal('location', new URL('https://app.test/'));
    expect(createPlatform().openTabs).toBeUndefined();
    const fetch = async (): Promise<Response> => Response.json({});
    const options = { baseUrl: 'https://api.test', environment: { fetch } };
    const [ada, grace] = [createClient(options), createClient(options)];
    await ada.start({ access_token: 'of-ada', expires_in: 900 });
    await settle();
    expect(grace.signedIn).toBeUndefined();
  });

  it.each([
    ['a page', undefined],
    ['a page with a bundled process object', { versions: {} }],
    ['an Electron window', { versions: { node: '22.0.0', electron: '33.0.0' } }],
  ])('offers tabs in %s', (_name, process) => {
    vi.stubGlobal('location', new URL('https://app.test/'));
    vi.stubGlobal('process', process);
    const tabs = createPlatform().openTabs;
    vi.unstubAllGlobals();
    expect(tabs).toBe(openTabs);
  });

  it('offers no tabs where there is no page, as in React Native', () => {
    vi.stubGlobal('process', undefined);
    const tabs = createPlatform().openTabs;
    vi.unstubAllGlobals();
    expect(tabs).toBeUndefined();
  });

  it('takes the global fetch at its creation, so that it can be replaced by client.fetch', async () => {
    const native = vi.fn(async () => new Response('native'));
    vi.stubGlobal('fetch', native);
    const { fetch } = createPlatform();
    vi.stubGlobal('fetch', () => Promise.reject(new Error('called itself')));
    expect(await (await fetch('https://api.test/')).text()).toBe('native');
    expect(native.mock.contexts).toEqual([undefined]);
  });

  it('cancels a timer', async () => {
    const { startTimer } = createPlatform();
    const fired: string[] = [];
    startTimer(1, () => fired.push('cancelled'))();
    await new Promise<void>((resolve) => startTimer(5, resolve));
    expect(fired).toEqual([]);
  });
});

describe('openTabs', () => {
  it('reaches other tabs of the same name until it is closed', async () => {
    const heard: Message[] = [];
    const [one, two] = [open(undefined), open(undefined, (message) => void heard.push(message))];
    one.post({ kind: 'hello', order: 1 });
    await vi.waitFor(() => expect(heard).toEqual([{ kind: 'hello', order: 1 }]));
    one.close();
    two.close();
  });
});

describe('exclusively', () => {
  it('waits for the lock and returns the result of the work', async () => {
    const names: string[] = [];
    const tabs = open({
      request: async (name: string, _options: unknown, work: () => Promise<unknown>) => {
        names.push(name);
        return work();
      },
      query: async () => ({ pending: [{ name: 'sess test' }, { name: 'another' }] }),
    });
    expect(await tabs.exclusively(async () => 'done')).toBe('done');
    await expect(tabs.exclusively(() => Promise.reject(new Error('failed')))).rejects.toThrow(
      'failed',
    );
    expect(await tabs.countWaiting()).toBe(1);
    expect(names).toEqual(['sess test', 'sess test']);
    tabs.close();
  });

  it('runs the work where there are no locks', async () => {
    const tabs = open(undefined);
    expect(await tabs.exclusively(async () => 'done')).toBe('done');
    expect(await tabs.countWaiting()).toBe(0);
    tabs.close();
  });

  it('runs the work where locks are refused', async () => {
    const tabs = open({ request: () => Promise.reject(new Error('SecurityError')) });
    expect(await tabs.exclusively(async () => 'done')).toBe('done');
    tabs.close();
  });

  it('runs failing work once', async () => {
    let times = 0;
    const tabs = open({
      request: (_name: string, _options: unknown, work: () => Promise<unknown>) => work(),
    });
    const work = (): Promise<never> => {
      times += 1;
      return Promise.reject(new Error('failed'));
    };
    await expect(tabs.exclusively(work)).rejects.toThrow('failed');
    expect(times).toBe(1);
    tabs.close();
  });

  it('runs the work after 15 seconds beside a lock holder that does not progress', async () => {
    vi.useFakeTimers();
    try {
      // Also where AbortSignal.timeout is absent.
      vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
        throw new TypeError('AbortSignal.timeout is not a function');
      });
      const tabs = open({
        request: (_name: string, { signal }: { signal: AbortSignal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
      });
      let isDone = false;
      const work = tabs.exclusively(async () => {
        isDone = true;
      });
      await vi.advanceTimersByTimeAsync(14_999);
      expect(isDone).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await work;
      expect(isDone).toBe(true);
      tabs.close();
    } finally {
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
  });

  it('leaves no timer behind once the lock is granted', async () => {
    vi.useFakeTimers();
    try {
      const tabs = open({
        request: (_name: string, _options: unknown, work: () => Promise<unknown>) => work(),
      });
      await tabs.exclusively(async () => 'done');
      expect(vi.getTimerCount()).toBe(0);
      tabs.close();
    } finally {
      vi.useRealTimers();
    }
  });
});
