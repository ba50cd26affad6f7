// The random actions of one user on two processes, with what must hold after each.
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@sess/test-servers';
import { expect } from 'vitest';

/** Longer than `renewAfter` of the engines. */
const RENEWAL_MS = 1_050;

/** A generator of numbers below a bound: the same for the same seed (mulberry32). */
function createRandom(seed) {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/**
 * @param {{ engines: readonly { call: Function }[], subject: string, seed: number }} given
 * @returns {{ run: (steps: number) => Promise<void>, made: () => string[] }}
 */
export function createWalk({ engines, subject, seed }) {
  const random = createRandom(seed);
  const pick = () => engines[random(engines.length)];
  const everywhere = (method, ...args) =>
    Promise.all(engines.map((engine) => engine.call(method, ...args)));
  const made = [];
  /** The live session: its newest tokens, and what its data counts. */
  let now;

  async function signIn() {
    const issued = await pick().call('create', { subject, data: { count: 0 } });
    now = { sid: issued.session.sid, count: 0, ...tokensOf(issued) };
  }

  const actions = {
    async verify() {
      const all = await everywhere('verify', now.accessToken);
      for (const result of all) {
        expect(result).toMatchObject({ ok: true, session: { subject } });
      }
    },
    async refresh() {
      const issued = await pick().call('refresh', now.refreshToken);
      expect(issued).toMatchObject({
        ok: true,
        session: { sid: now.sid, data: { count: now.count } },
      });
      Object.assign(now, tokensOf(issued), { spent: now.refreshToken });
    },
    async 'refresh by both at once'() {
      const [one, other] = await everywhere('refresh', now.refreshToken);
      expect(one).toMatchObject({ ok: true });
      expect(other.refreshToken).toBe(one.refreshToken);
      Object.assign(now, tokensOf(other), { spent: now.refreshToken });
    },
    async 'refresh again'() {
      if (now.spent === undefined) return;
      const [one, other] = await everywhere('refresh', now.spent);
      expect(one.refreshToken).toBe(now.refreshToken);
      expect(other.refreshToken).toBe(now.refreshToken);
    },
    async 'present a cookie that is due'() {
      // A new session: after a replayed refresh the newest token stays the newest for a while.
      const { session, refreshToken } = await pick().call('create', { subject });
      await sleep(RENEWAL_MS);
      const present = (token) => everywhere('present', token, { canRenew: true });
      const refused = [];
      // The clocks of two processes differ: for one of them the cookie may not be due yet.
      const renewal = await until(
        async () => {
          const results = await present(refreshToken);
          refused.push(...results.filter((result) => result.session?.sid !== session.sid));
          const [one, other] = results.map((result) => result.renewal?.refreshToken);
          return one === other && one;
        },
        { what: 'the same renewal from both processes' },
      );
      expect(refused).toEqual([]);
      expect(renewal).not.toBe(refreshToken);
      for (const late of await present(renewal)) expect(late).toMatchObject({ ok: true });
      expect(await pick().call('end', { refreshToken: renewal })).toBe(true);
      await expectEnded({ refreshToken: renewal });
    },
    async 'count by both at once'() {
      await everywhere('count', now.sid);
      now.count += 2;
      for (const session of await everywhere('get', now.sid)) {
        expect(session.data).toEqual({ count: now.count });
      }
    },
    async 'take a value by both at once'() {
      await pick().call('put', now.sid, { name: 'ticket', value: made.length, ttl: '1m' });
      const taken = await everywhere('take', now.sid, 'ticket');
      expect(taken.filter((value) => value !== undefined && value !== null)).toEqual([made.length]);
    },
    async elevate() {
      const acr = `urn:step:${made.length}`;
      const issued = await pick().call('elevate', now.sid, { acr, amr: ['otp'] });
      Object.assign(now, tokensOf(issued), { spent: undefined });
      await until(async () => (await everywhere('verify', now.accessToken)).every(({ ok }) => ok), {
        what: 'the elevated session in both processes',
      });
      for (const session of await everywhere('get', now.sid)) expect(session.acr).toBe(acr);
    },
    async list() {
      for (const sessions of await everywhere('list', subject)) {
        expect(sessions.map(({ sid }) => sid)).toContain(now.sid);
      }
    },
    async 'sign out'() {
      expect(await pick().call('end', { accessToken: now.accessToken })).toBe(true);
      await expectEnded(now);
      await signIn();
    },
    async 'sign out everywhere'() {
      const other = await pick().call('create', { subject });
      expect(await pick().call('revokeAll', subject)).toBeGreaterThanOrEqual(2);
      await expectEnded(now);
      await expectEnded(tokensOf(other));
      await signIn();
    },
    async 'a guest signs in'() {
      const guest = await pick().call('createGuest', { data: { basket: ['tea'] } });
      const replaces = { refreshToken: guest.refreshToken };
      const given = { replaces, keep: ['basket'] };
      const issued = await pick().call('create', { subject, data: { count: 0 } }, given);
      expect(issued.session.data).toEqual({ count: 0, basket: ['tea'] });
      expect(await pick().call('revoke', issued.session.sid)).toBe(true);
      await expectEnded(tokensOf(issued));
    },
  };

  async function expectEnded({ accessToken, refreshToken }) {
    // With a near cache the other process learns of it within milliseconds.
    if (accessToken !== undefined) {
      await until(async () => (await everywhere('verify', accessToken)).every(({ ok }) => !ok), {
        what: 'the end of the session in both processes',
      });
    }
    for (const result of await everywhere('refresh', refreshToken)) {
      expect(result).toMatchObject({ ok: false });
    }
  }

  return {
    made: () => made,
    async run(steps) {
      await signIn();
      const names = Object.keys(actions);
      for (let step = 0; step < steps; step += 1) {
        // Each kind once, then any.
        const name = names[step] ?? names[random(names.length)];
        made.push(name);
        try {
          await actions[name]();
        } catch (error) {
          error.message = `${subject}, step ${step}, ${name}: ${error.message}`;
          throw error;
        }
      }
    },
  };
}

function tokensOf({ accessToken, refreshToken }) {
  return { accessToken, refreshToken };
}
