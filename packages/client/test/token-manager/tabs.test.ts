import { describe, expect, it } from 'vitest';
import { BASE, problem } from '../fakes/api.js';
import { createWorld, settle, threeTabs } from '../fakes/world.js';

const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe('three tabs', () => {
  it('are all signed in after a sign-in in one of them', async () => {
    const { api, tabs } = await threeTabs();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
    for (const tab of tabs) expect((await tab.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(0);
  });

  it('renew once for ten requests each', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const all = tabs.flatMap((tab) => Array.from({ length: 10 }, () => tab.fetch(`${BASE}/me`)));
    expect(await Promise.all(all.map(statusOf))).toEqual(Array(30).fill(200));
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('renew separately where there are no locks, and stay signed in', async () => {
    const { api, clock, tabs } = await threeTabs({ hasLocks: false });
    clock.now += 900_000;
    const all = tabs.flatMap((tab) => Array.from({ length: 10 }, () => tab.fetch(`${BASE}/me`)));
    expect(await Promise.all(all.map(statusOf))).toEqual(Array(30).fill(200));
    expect(api.countOf('/session/refresh')).toBeLessThanOrEqual(3);
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('renew separately when their messages are lost', async () => {
    const { api, browser, pass, tabs } = await threeTabs();
    await pass(900_000);
    browser.hold();
    const all = tabs.map((tab) => tab.fetch(`${BASE}/me`));
    // Each keeps the lock until its wait for the others is over.
    for (let turn = 0; turn < 3; turn += 1) {
      await settle();
      await pass(5_000);
    }
    expect(await Promise.all(all.map(statusOf))).toEqual([200, 200, 200]);
    browser.lose();
    expect(api.countOf('/session/refresh')).toBe(3);
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('that find no user signed in do not wait for each other', async () => {
    const { api, open } = createWorld();
    const statuses: number[] = [];
    for (const tab of [open(), open(), open()]) {
      void statusOf(tab.fetch(`${BASE}/public`)).then((status) => statuses.push(status));
    }
    await settle();
    await settle();
    expect(statuses).toHaveLength(3);
    expect(api.countOf('/session/refresh')).toBe(3);
  });

  it('are all signed out after a logout in one of them', async () => {
    const { tabs } = await threeTabs();
    const changes: unknown[] = [];
    tabs[2].subscribe(() => changes.push(tabs[2].signedIn));
    await tabs[1].logout();
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([false, false, false]);
    expect(changes).toEqual([false]);
    expect((await tabs[0].fetch(`${BASE}/me`)).status).toBe(401);
  });

  it('are all signed out when a renewal shows that the session has ended', async () => {
    const { api, clock, tabs } = await threeTabs();
    api.hasCookie = false;
    clock.now += 900_000;
    await tabs[0].fetch(`${BASE}/me`);
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([false, false, false]);
  });

  it('find out once that the session has ended', async () => {
    const { api, clock, tabs } = await threeTabs();
    api.hasCookie = false;
    clock.now += 900_000;
    await Promise.all(tabs.map((tab) => tab.refresh()));
    expect(api.countOf('/session/refresh')).toBe(1);
    expect(tabs.map((tab) => tab.signedIn)).toEqual([false, false, false]);
  });
});

describe('a message about a sign-in', () => {
  it('holds the access token and its lifetime only', async () => {
    const { browser, clock, open } = createWorld();
    const signIn = { access_token: 'a', expires_in: 900, refresh_token: 'r', profile: {} };
    await open().start(signIn);
    expect(browser.messages).toEqual([
      { kind: 'hello', order: 0 },
      {
        kind: 'token',
        order: clock.now,
        at: clock.now,
        tokens: { access_token: 'a', expires_in: 900 },
        isSignIn: true,
      },
    ]);
  });
});

describe('a tab that is closed in the middle of a renewal', () => {
  it('does not block the renewal of the others', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    api.next('/session/refresh', () => new Promise(() => {}));
    const [dying, ...living] = tabs;
    void dying.fetch(`${BASE}/me`);
    await settle();
    const all = living.map((tab) => tab.fetch(`${BASE}/me`));
    await settle();
    expect(api.countOf('/session/refresh')).toBe(1);
    dying.tab?.die();
    expect(await Promise.all(all.map(statusOf))).toEqual([200, 200]);
    expect(api.countOf('/session/refresh')).toBe(2);
  });
});

describe('a new tab', () => {
  it('that has no token does not sign out the others', async () => {
    const { api, clock, tabs, open } = await threeTabs();
    // As where sessions are in their access tokens, and a page begins without one.
    api.next('/session/refresh', () => problem(401, 'session_required', 'Bearer'));
    clock.now += 1_000;
    const late = open();
    expect(await late.refresh()).toBe(false);
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('shares its token with the others', async () => {
    const { api, clock, tabs, open } = await threeTabs();
    clock.now += 1_000;
    await open().refresh();
    await settle();
    await tabs[0].fetch(`${BASE}/me`);
    expect(api.sent.at(-1)?.token).toBe('t2');
  });
});

describe('a client that is closed', () => {
  it('continues to work without the others', async () => {
    const { api, clock, tabs } = await threeTabs();
    tabs[0].close();
    clock.now += 900_000;
    expect((await tabs[0].fetch(`${BASE}/me`)).status).toBe(200);
    await tabs[0].logout();
    await settle();
    expect(tabs[0].signedIn).toBe(false);
    expect(tabs[1].signedIn).toBe(true);
    expect(api.countOf('/session/refresh')).toBe(1);
  });
});
