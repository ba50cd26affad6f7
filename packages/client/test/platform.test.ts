import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../src/index.js';
import { platform } from '../src/platform.js';
import type { Message } from '../src/types.js';
import { settle } from './fakes/world.js';

afterEach(() => vi.unstubAllGlobals());

/** Opens tabs as on a page, with these locks. */
function openTabs(locks: unknown, listener: (message: Message) => void = () => {}) {
  vi.stubGlobal('location', { href: 'https://app.test/' });
  vi.stubGlobal('navigator', { locks });
  const tabs = platform.openTabs?.('sess test', listener);
  if (tabs === undefined) throw new TypeError('no tabs');
  return tabs;
}

describe('the platform', () => {
  it('has no tabs where there is no page, or the users of a server would share a token', async () => {
    expect(platform.openTabs).toBeUndefined();
    const fetch = async (): Promise<Response> => Response.json({});
    const options = { baseUrl: 'https://api.test', environment: { fetch } };
    const [ada, grace] = [createClient(options), createClient(options)];
    await ada.start({ access_token: 'of-ada', expires_in: 900 });
    await settle();
    expect(grace.signedIn).toBeUndefined();
  });

  it('tells other tabs of the same name, and none when it is closed', async () => {
    const heard: Message[] = [];
    const [one, two] = [openTabs(undefined), openTabs(undefined, (m) => void heard.push(m))];
    one.post({ kind: 'signed-out', at: 1 });
    await vi.waitFor(() => expect(heard).toEqual([{ kind: 'signed-out', at: 1 }]));
    one.close();
    two.close();
  });
});

describe('work that one tab at a time does', () => {
  it('waits for the lock, and gives its outcome', async () => {
    const names: string[] = [];
    const tabs = openTabs({
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

  it('is done all the same where there are no locks', async () => {
    const tabs = openTabs(undefined);
    expect(await tabs.exclusively(async () => 'done')).toBe('done');
    expect(await tabs.countWaiting()).toBe(0);
    tabs.close();
  });

  it('is done all the same where locks are refused', async () => {
    const tabs = openTabs({ request: () => Promise.reject(new Error('SecurityError')) });
    expect(await tabs.exclusively(async () => 'done')).toBe('done');
    tabs.close();
  });

  it('is done once, though it fails', async () => {
    let times = 0;
    const tabs = openTabs({
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

  it('is done after a while beside a tab that has the lock and stands still', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort());
    const tabs = openTabs({
      request: (_name: string, { signal }: { signal: AbortSignal }) =>
        signal.aborted ? Promise.reject(signal.reason) : new Promise(() => {}),
    });
    expect(await tabs.exclusively(async () => 'done')).toBe('done');
    expect(timeout).toHaveBeenCalledWith(15_000);
    timeout.mockRestore();
    tabs.close();
  });
});
