import { describe, expect, it } from 'vitest';
import { BASE, networkFault, problem } from '../fakes/api.js';
import { createGate, createWorld, settle, threeTabs } from '../fakes/world.js';

describe('a sign-in while a renewal for another user is pending', () => {
  it('decides who is signed in in that tab', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const request = tabs[0].fetch(`${BASE}/me`);
    await settle();
    await tabs[0].start({ access_token: 'of-grace', expires_in: 900 });
    gate.open(Response.json({ access_token: 'of-ada', expires_in: 900 }));
    await expect(request).rejects.toMatchObject({ code: 'session_changed' });
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

  it('decides who is signed in in all tabs, in any order of their messages', async () => {
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

  it('decides who is signed in when the renewal ends after its message', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const request = tabs[0].fetch(`${BASE}/me`).catch(() => {});
    await settle();
    api.accepted.add('of-ada').add('of-grace');
    await tabs[1].start({ access_token: 'of-grace', expires_in: 900 });
    await settle();
    gate.open(Response.json({ access_token: 'of-ada', expires_in: 900 }));
    await request;
    await settle();
    for (const tab of tabs) {
      await tab.fetch(`${BASE}/who`);
      expect(api.sent.at(-1)?.token).toBe('of-grace');
    }
  });

  it('is not undone by a refusal that arrives during the next renewal', async () => {
    const { api, browser, clock, open } = createWorld();
    const [before, after] = [open(), open()];
    await before.start(api.issue());
    await settle();
    clock.now += 900_000;
    browser.hold();
    api.hasCookie = false;
    expect(await before.refresh()).toBe(false);
    // The sign-in is a form of another page: only the cookie knows.
    api.hasCookie = true;
    clock.now += 1_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const renewal = after.refresh();
    await settle();
    browser.deliver();
    gate.open(Response.json(api.issue()));
    expect(await renewal).toBe(true);
    await settle();
    expect([before.signedIn, after.signedIn]).toEqual([true, true]);
  });

  it('is not undone by the refusal of that renewal', async () => {
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

  it('is not renewed by a retry for the previous user', async () => {
    const { api, clock, tabs } = await threeTabs();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise.then(networkFault));
    const request = tabs[0].fetch(`${BASE}/me`);
    await settle();
    await tabs[0].start(api.issue());
    gate.open(new Response());
    await expect(request).rejects.toMatchObject({ code: 'session_changed' });
    await settle();
    expect(api.countOf('/session/refresh')).toBe(1);
  });
});

describe('a logout while a renewal is pending', () => {
  it('is final in all tabs', async () => {
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
