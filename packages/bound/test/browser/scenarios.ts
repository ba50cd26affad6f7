import { expect, type TestContext, vi } from 'vitest';
import type { Seen } from '../../../../test/pages/front.js';
import {
  BIND,
  fetchParts,
  load,
  loadAfter,
  loadExpired,
  openBoundSite,
  press,
  type SiteChoice,
  signIn,
  submitSignIn,
  untilExpired,
  untilProofs,
} from './bound-site.js';
import { playUnbound } from './unbound.js';

const SIGNED_IN = 'Signed in as ada';

type Finish = TestContext['onTestFinished'];

/** What a browser with a key does, and what a thief cannot. A profile signs six proofs, registrations included. */
export interface Scenario {
  readonly title: string;
  /** For stores that outlive the process only. */
  readonly outlives?: boolean;
  play(choice: SiteChoice, onTestFinished: Finish): Promise<void>;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    title: 'a browser registers its key, renews its cookie three times, and signs out',
    async play(choice, onTestFinished) {
      // It renews at each request, because less than two minutes are left.
      const site = await openBoundSite({ ...choice, boundTtl: 60_000 }, onTestFinished);
      const context = await site.open();
      const tab = await signIn(site, context);
      for (let renewals = 1; renewals <= 3; renewals += 1) {
        expect(await load(site, tab)).toBe(SIGNED_IN);
        await untilProofs(site, 1 + renewals);
      }
      const [session] = await site.sessions.list('ada');
      expect(session).toMatchObject({ binding: { kind: 'dbsc' } });
      await press(tab, '/session/logout');
      expect(await context.cookies()).toEqual([]);
      expect(await site.sessions.list('ada')).toEqual([]);
      expect(await load(site, tab)).toBe('/sign-in');
      expect(site.events).toEqual([]);
    },
  },
  {
    title: 'a sign-in after a sign-out registers the key of another session',
    async play(choice, onTestFinished) {
      const site = await openBoundSite({ ...choice, boundTtl: 60_000 }, onTestFinished);
      const tab = await signIn(site, await site.open());
      await press(tab, '/session/logout');
      await submitSignIn(site, tab);
      const [session] = await site.sessions.list('ada');
      // A refusal has a challenge too: the browser may renew for the session before, and sends the new cookie with it.
      const isOfSession = ({ line, status, headers }: Seen) =>
        line === BIND &&
        status === 200 &&
        headers['secure-session-challenge']?.includes(session?.sid ?? ' ');
      await vi.waitUntil(() => site.front.seen.some(isOfSession), { timeout: 20_000 });
      // The session counts as bound once the browser has sent the cookie of that response, which may still be on its way.
      await vi.waitFor(
        async () => {
          expect(await load(site, tab)).toBe(SIGNED_IN);
          const listed = await site.sessions.list('ada');
          expect(listed).toMatchObject([{ binding: { kind: 'dbsc' } }]);
        },
        { timeout: 10_000, interval: 3_000 },
      );
      expect(site.events).toEqual([]);
    },
  },
  {
    title: 'the requests of two tabs wait for one renewal when the cookie has run out',
    async play(choice, onTestFinished) {
      const site = await openBoundSite(choice, onTestFinished);
      const context = await site.open();
      const tab = await signIn(site, context);
      const other = await context.newPage();
      await other.goto(`${site.front.origin}/bye`);
      await untilExpired(tab);
      const first = site.front.seen.length;
      const statuses = await Promise.all([fetchParts(tab, 5), fetchParts(other, 5)]);
      expect(statuses.flat()).toEqual(Array(10).fill(200));
      const lines = site.front.seen.slice(first).map(({ line }) => line);
      expect(lines.indexOf('GET /part')).toBe(1);
      expect(lines[0]).toBe(BIND);
    },
  },
  {
    title: 'a copied cookie is dead in a second profile after its life, and the first goes on',
    async play(choice, onTestFinished) {
      const boundTtl = 10_000;
      const site = await openBoundSite({ ...choice, boundTtl }, onTestFinished);
      const context = await site.open();
      const thief = await site.open();
      const stolen = await thief.newPage();
      const tab = await signIn(site, context);
      await load(site, tab);
      await untilProofs(site, 2);
      const copied = await context.cookies();
      await thief.addCookies(copied.map((cookie) => ({ ...cookie, expires: -1 })));
      expect(await load(site, stolen)).toBe(SIGNED_IN);
      expect(await loadAfter(site, stolen, boundTtl + 300)).toBe('/sign-in');
      expect(await thief.cookies()).toEqual([]);
      expect(site.events).toEqual(['unbound-use']);
      expect(await load(site, tab)).toBe(SIGNED_IN);
    },
  },
  {
    title: 'while the store is down every request gets 503, and the browser goes on afterwards',
    async play(choice, onTestFinished) {
      const site = await openBoundSite(choice, onTestFinished);
      const tab = await signIn(site, await site.open());
      await site.fail();
      expect(await loadExpired(site, tab)).toBe('503');
      const page = site.front.seen.findLast(({ line }) => line === 'GET /page');
      expect(page?.skipped).toContain('server_error');
      await site.heal();
      expect(await load(site, tab)).toBe(SIGNED_IN);
      expect(site.events).toEqual([]);
    },
  },
  {
    title: 'a browser stays bound when the application is restarted',
    outlives: true,
    async play(choice, onTestFinished) {
      const site = await openBoundSite(choice, onTestFinished);
      const tab = await signIn(site, await site.open());
      expect(await loadExpired(site, tab)).toBe(SIGNED_IN);
      await site.restart();
      expect(await loadExpired(site, tab)).toBe(SIGNED_IN);
      expect(site.events).toEqual([]);
    },
  },
  {
    title: 'a re-authentication keeps the browser bound',
    async play(choice, onTestFinished) {
      const site = await openBoundSite(choice, onTestFinished);
      const tab = await signIn(site, await site.open());
      // Four proofs from here on, one of them for the cookie that the re-authentication has replaced meanwhile.
      await press(tab, '/again');
      expect(await loadExpired(site, tab)).toBe(SIGNED_IN);
      const [session] = await site.sessions.list('ada');
      expect(session).toMatchObject({ binding: { kind: 'dbsc' } });
      expect(site.events).toEqual([]);
    },
  },
  {
    title: 'a session that was ended elsewhere gives one 401, and then a signed-out browser',
    async play(choice, onTestFinished) {
      const site = await openBoundSite(choice, onTestFinished);
      const tab = await signIn(site, await site.open());
      await site.sessions.revokeAll('ada');
      expect(await loadExpired(site, tab)).toBe('/sign-in');
      expect(await load(site, tab)).toBe('/sign-in');
      expect([site.proofs(401), site.events]).toEqual([1, []]);
    },
  },
  {
    title: 'a browser that has signed six proofs gets 503 in place of the sign-in',
    async play(choice, onTestFinished) {
      const boundTtl = 2_000;
      const site = await openBoundSite({ ...choice, boundTtl }, onTestFinished);
      const tab = await signIn(site, await site.open());
      const shown: string[] = [];
      while (shown.at(-1) !== '503' && shown.length < 9) {
        shown.push(await loadExpired(site, tab));
      }
      expect(new Set(shown)).toEqual(new Set([SIGNED_IN, '503']));
      expect(await fetchParts(tab, 1)).toEqual([503]);
      const { skipped, headers } = site.front.seen.at(-1) ?? {};
      expect(skipped).toContain('quota_exceeded');
      expect(headers).toHaveProperty('retry-after');
      expect(site.proofs(200)).toBe(6);
    },
  },
  {
    title: 'a browser without bound sessions sees what it sees of an application without them',
    async play(choice, onTestFinished) {
      const unaware = await openBoundSite(choice, onTestFinished);
      const withOption = await playUnbound(unaware, await unaware.open(false));
      const plain = await openBoundSite({ ...choice, isBinding: false }, onTestFinished);
      const without = await playUnbound(plain, await plain.open());
      expect(withOption).toEqual(without);
      expect(without.length).toBeGreaterThan(10);
      expect(unaware.events).toEqual([]);
    },
  },
];
