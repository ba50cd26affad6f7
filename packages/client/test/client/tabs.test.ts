import { describe, expect, it } from 'vitest';
import { BASE, networkFault, problem } from '../fakes/api.js';
import { createGate, createWorld, settle, type WorldOptions } from '../fakes/world.js';

async function threeTabs(options?: WorldOptions) {
  const world = createWorld(options);
  const tabs = [world.open(), world.open(), world.open()] as const;
  await tabs[0].start(world.api.issue());
  await settle();
  return { ...world, tabs };
}

const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe('three tabs', () => {
  it('are all signed in when one is', async () => {
    const { api, tabs } = await threeTabs();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
    for (const tab of tabs) expect((await tab.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(0);
  });

  it('renew once, for ten requests each', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const all = tabs.flatMap((tab) => Array.from({ length: 10 }, () => tab.fetch(`${BASE}/me`)));
    expect(await Promise.all(all.map(statusOf))).toEqual(Array(30).fill(200));
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('renew by themselves where there are no locks, and stay signed in', async () => {
    const { api, clock, tabs } = await threeTabs({ hasLocks: false });
    clock.now += 900_000;
    const all = tabs.flatMap((tab) => Array.from({ length: 10 }, () => tab.fetch(`${BASE}/me`)));
    expect(await Promise.all(all.map(statusOf))).toEqual(Array(30).fill(200));
    expect(api.countOf('/session/refresh')).toBeLessThanOrEqual(3);
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('renew by themselves when their messages are lost', async () => {
    const { api, browser, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    browser.hold();
    const all = tabs.map((tab) => tab.fetch(`${BASE}/me`));
    expect(await Promise.all(all.map(statusOf))).toEqual([200, 200, 200]);
    browser.lose();
    expect(api.countOf('/session/refresh')).toBe(3);
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('are all signed out when one is', async () => {
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
});

describe('what tabs tell each other', () => {
  it('is the access token, and nothing else of what the sign-in answered', async () => {
    const { browser, clock, open } = createWorld();
    const signIn = { access_token: 'a', expires_in: 900, refresh_token: 'r', profile: {} };
    await open().start(signIn);
    expect(browser.messages).toEqual([
      {
        kind: 'token',
        at: clock.now,
        tokens: { access_token: 'a', expires_in: 900 },
        isSignIn: true,
      },
    ]);
  });
});

describe('a tab that is closed in the middle of a renewal', () => {
  it('does not keep the others waiting', async () => {
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
  it('that has nothing to renew with does not sign out the others', async () => {
    const { api, tabs, open } = await threeTabs();
    // As where sessions are in their access tokens, and a page begins without one.
    api.next('/session/refresh', () => problem(401, 'session_required', 'Bearer'));
    const late = open();
    expect(await late.refresh()).toBe(false);
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('gives its token to the others', async () => {
    const { api, tabs, open } = await threeTabs();
    await open().refresh();
    await settle();
    await tabs[0].fetch(`${BASE}/me`);
    expect(api.sent.at(-1)?.token).toBe('t2');
  });
});

describe('somebody who signs in while a renewal for somebody else is under way', () => {
  it('is the one who is signed in, in that tab', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const request = tabs[0].fetch(`${BASE}/me`);
    await settle();
    await tabs[0].start({ access_token: 'of-grace', expires_in: 900 });
    gate.open(Response.json({ access_token: 'of-ada', expires_in: 900 }));
    await request;
    await settle();
    await tabs[0].fetch(`${BASE}/me`, {
      method: 'POST',
      body: new Blob([]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(api.sent.filter(({ path }) => path === '/me').map(({ token }) => token)).not.toContain(
      'of-ada',
    );
  });

  it('is the one who is signed in, in all tabs, in whatever order they hear of it', async () => {
    const { api, browser, clock, tabs } = await threeTabs();
    api.accepted.add('of-ada').add('of-grace');
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const request = tabs[0].fetch(`${BASE}/me`).catch(() => {});
    await settle();
    clock.now += 1_000;
    browser.hold();
    // Both messages are on their way before either arrives.
    gate.open(Response.json({ access_token: 'of-ada', expires_in: 900 }));
    await settle();
    await tabs[1].start({ access_token: 'of-grace', expires_in: 900 });
    browser.deliver();
    await request;
    await settle();
    for (const tab of tabs) {
      await tab.fetch(`${BASE}/who`);
      expect(api.sent.at(-1)?.token).toBe('of-grace');
    }
  });

  it('is not signed out by its refusal', async () => {
    const { api, browser, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const request = tabs[0].fetch(`${BASE}/me`);
    await settle();
    clock.now += 1_000;
    browser.hold();
    gate.open(problem(401, 'refresh_token_rejected', 'Bearer error="invalid_token"'));
    await settle();
    await tabs[1].start(api.issue());
    browser.deliver();
    await request;
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([true, true, true]);
  });

  it('is not renewed by what asks again for the one before', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise.then(networkFault));
    const request = tabs[0].fetch(`${BASE}/me`);
    await settle();
    await tabs[0].start(api.issue());
    gate.open(new Response());
    expect((await request).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });
});

describe('somebody who signs out while a renewal is under way', () => {
  it('stays signed out, in all tabs', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const requests = tabs.map((tab) => tab.fetch(`${BASE}/me`));
    await settle();
    await tabs[1].logout();
    await settle();
    gate.open(Response.json({ access_token: 'late', expires_in: 900 }));
    await Promise.all(requests);
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([false, false, false]);
    expect(tabs.map((tab) => tab.tokenLife)).toEqual([0, 0, 0]);
    expect(api.countOf('/session/refresh')).toBe(1);
  });
});

describe('a client that is closed', () => {
  it('works on by itself', async () => {
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
