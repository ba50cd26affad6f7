import { describe, expect, it } from 'vitest';
import type { SessionChange, SessionClient } from '../../src/index.js';
import { BASE, problem, sidOf } from '../fakes/api.js';
import { createGate, createWorld, settle } from '../fakes/world.js';

const ada = sidOf('ada', 1);

/** Collects what listeners receive, with what the client shows at that moment. */
function record(client: SessionClient) {
  const changes: [SessionChange['type'], string | undefined, string | undefined][] = [];
  client.subscribe(({ type, sid }) => changes.push([type, sid, client.sid]));
  return changes;
}

describe('client.subscribe', () => {
  it('reports a sign-in, a renewal and a sign-out with the session, in every tab', async () => {
    const { api, open } = createWorld();
    const [one, two] = [open(), open()];
    const both = [record(one), record(two)];
    await one.start(api.issue('ada'));
    await settle();
    await two.refresh();
    await settle();
    await one.logout();
    await settle();
    for (const changes of both) {
      expect(changes).toEqual([
        ['signed-in', ada, ada],
        ['renewed', ada, ada],
        ['signed-out', ada, undefined],
      ]);
    }
  });

  it('reports another user as a sign-in, by start, a message or a renewal', async () => {
    const { api, open } = createWorld();
    const [one, two] = [open(), open()];
    await one.start(api.issue('ada'));
    await settle();
    const both = [record(one), record(two)];
    await two.start(api.issue('grace'));
    await settle();
    api.issue('linus');
    await one.refresh();
    await settle();
    const [grace, linus] = [sidOf('grace', 2), sidOf('linus', 3)];
    for (const changes of both) {
      expect(changes).toEqual([
        ['signed-in', grace, grace],
        ['signed-in', linus, linus],
      ]);
    }
  });

  it('reports a sign-out without a session when the first look finds no user', async () => {
    const { open } = createWorld();
    const client = open();
    const changes = record(client);
    await client.refresh();
    expect(changes).toEqual([['signed-out', undefined, undefined]]);
  });

  it('reports the session that a renewal showed to have ended', async () => {
    const { api, open } = createWorld();
    const client = open();
    await client.start(api.issue('ada'));
    const changes = record(client);
    const rejected = () => problem(401, 'refresh_token_rejected');
    api.next('/session/refresh', rejected, rejected);
    expect(await client.refresh()).toBe(false);
    expect(changes).toEqual([['signed-out', ada, undefined]]);
  });

  it('reports the subject of a JWT', async () => {
    const { open } = createWorld();
    const client = open();
    const subjects: (string | undefined)[] = [];
    client.subscribe(({ subject }) => subjects.push(subject, client.subject));
    const claims = Buffer.from(JSON.stringify({ sid: 's1', sub: 'ada' })).toString('base64url');
    await client.start({ access_token: `eyJh.${claims}.x`, expires_in: 900 });
    expect(subjects).toEqual(['ada', 'ada']);
  });
});

describe('client.getToken', () => {
  it('returns the token, renewed first when it is close to its end', async () => {
    const { api, clock, open } = createWorld();
    const client = open();
    await client.start(api.issue('ada'));
    expect(await client.getToken()).toBe(`sat_${ada}.1`);
    clock.now += 900_000;
    expect(await client.getToken()).toBe(`sat_${ada}.2`);
  });

  it('returns undefined when no user is signed in', async () => {
    const { api, open } = createWorld();
    const client = open();
    expect(await client.getToken()).toBeUndefined();
    expect(await client.getToken()).toBeUndefined();
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('returns a valid token that cannot be renewed, and rejects with an expired one', async () => {
    const { api, clock, open } = createWorld();
    const client = open();
    await client.start(api.issue('ada'));
    const unavailable = () => problem(503, 'store_unavailable');
    api.next('/session/refresh', ...Array(6).fill(unavailable));
    clock.now += 880_000;
    expect(await client.getToken()).toBe(`sat_${ada}.1`);
    clock.now += 20_000;
    await expect(client.getToken()).rejects.toMatchObject({ status: 503 });
  });
});

describe('messages between tabs', () => {
  it.each([
    ['back by an hour', -3_600_000],
    ['back by ten years', -315_360_000_000],
    ['ahead by a year', 31_536_000_000],
  ])('are heard by all tabs after the clock was set %s, new tabs included', async (_name, jump) => {
    const { api, clock, open } = createWorld();
    const tabs = [open(), open()];
    await tabs[0]?.start(api.issue('ada'));
    await settle();
    clock.now += jump;
    const late = open();
    tabs.push(late);
    await settle();
    await late.refresh();
    await settle();
    await late.start(api.issue('grace'));
    await settle();
    for (const tab of tabs) expect(tab.sid).toMatch(/^grace/);
    clock.now -= jump;
    tabs.push(open());
    await settle();
    await tabs[3]?.refresh();
    await tabs[3]?.logout();
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([false, false, false, false]);
  });

  it('lead to one user in all tabs when two sign in in the same millisecond', async () => {
    const { api, browser, open } = createWorld();
    const tabs = [open(), open(), open()] as const;
    await settle();
    browser.hold();
    await Promise.all([tabs[0].start(api.issue('ada')), tabs[1].start(api.issue('grace'))]);
    browser.deliver();
    await settle();
    expect(new Set(tabs.map((tab) => tab.sid)).size).toBe(1);
  });

  it('about the end of a previous session do not sign out the current user', async () => {
    const { api, browser, clock, open } = createWorld();
    const [one, two] = [open(), open()];
    await one.start(api.issue('ada'));
    await settle();
    browser.hold();
    await two.start(api.issue('grace'));
    clock.now += 1_000;
    await one.logout({ localOnly: true });
    browser.deliver();
    await settle();
    expect(two.sid).toMatch(/^grace/);
    expect((await two.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('about the end of the own session count in any order', async () => {
    const { api, browser, clock, open } = createWorld();
    const tab = open();
    await tab.start(api.issue('ada'));
    const foreign = browser.openTabs('', () => {});
    foreign.post({ kind: 'signed-out', order: clock.now - 1_000, sid: ada });
    await settle();
    expect(tab.signedIn).toBe(false);
  });

  it('about an earlier end of the own session wait for the renewal in flight', async () => {
    const { api, browser, clock, open } = createWorld();
    const tab = open();
    await tab.start(api.issue('ada'));
    const foreign = browser.openTabs('', () => {});
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const renewal = tab.refresh();
    await settle();
    foreign.post({ kind: 'signed-out', order: clock.now - 1_000, sid: ada });
    await settle();
    expect(tab.signedIn).toBe(true);
    gate.open(Response.json(api.issue('grace')));
    expect(await renewal).toBe(true);
    expect(tab.sid).toMatch(/^grace/);
  });

  it('of another version of the package do no harm', async () => {
    const { api, browser, open } = createWorld();
    const tabs = [open(), open()];
    const foreign = browser.openTabs('', () => {});
    const messages: unknown[] = [{ kind: 'token' }, { kind: 'signed-out', at: 1 }, { order: 'x' }];
    for (const message of messages) foreign.post(message as never);
    await settle();
    await tabs[0]?.start(api.issue('ada'));
    await settle();
    for (const message of messages) foreign.post(message as never);
    await settle();
    expect(tabs.map((tab) => tab.sid)).toEqual([ada, ada]);
    await tabs[1]?.logout();
    await settle();
    expect(tabs.map((tab) => tab.signedIn)).toEqual([false, false]);
  });
});
