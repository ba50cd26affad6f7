import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PATIENCE, runs } from '../../../test/fuzzing.js';
import { createClient, type SessionClient } from '../src/index.js';
import type { Message, Tabs } from '../src/types.js';

const BASE = 'https://api.test';
const HOUR = 3_600_000;
const KINDS = [
  'write',
  'login',
  'form-login',
  'elevate',
  'logout',
  'local-logout',
  'refresh',
  'expire',
  'clock-back',
  'clock-ahead',
  'fail',
  'open',
] as const;

/** One step: what happens, in which tab, how long after the last one, and the delays on its way. */
interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly tab: number;
  readonly after: number;
  readonly user: 'ada' | 'grace';
}

/** A server session. Tokens of earlier families are refused. */
interface ServerSession {
  readonly sid: string;
  family: number;
  isAlive: boolean;
}

/** A browser with tabs, a server, and a network between them, in virtual time. */
function createSimulation(delays: () => number) {
  let time = 0;
  let clockShift = 0;
  const queue: { at: number; run: () => void }[] = [];
  const after = (milliseconds: number, run: () => void): (() => void) => {
    const entry = { at: time + milliseconds, run };
    queue.push(entry);
    return () => {
      const index = queue.indexOf(entry);
      if (index >= 0) queue.splice(index, 1);
    };
  };
  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => after(milliseconds, resolve));
  const flush = async (): Promise<void> => {
    for (let i = 0; i < 4; i += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  const sessions = new Map<string, ServerSession>();
  const tokens = new Map<
    string,
    { readonly session: ServerSession; family: number; end: number }
  >();
  let jar: { readonly session: ServerSession; readonly family: number } | undefined;
  let failures = 0;
  let issued = 0;
  /** The session under which each write was made, and that as which the server carried it out. */
  const writes: { readonly made: string; readonly done: string }[] = [];

  function issue(session: ServerSession): Response {
    issued += 1;
    const token = `sat_${session.sid}.${issued}`;
    tokens.set(token, { session, family: session.family, end: time + 900_000 });
    return Response.json({ access_token: token, expires_in: 900 });
  }

  const refused = (code: string): Response =>
    new Response(JSON.stringify({ code }), {
      status: 401,
      headers: { 'WWW-Authenticate': `Bearer error="${code}"` },
    });

  /** Carries out a request. Returns the response, and the cookie that it sets. */
  function serve(request: Request, cookie: typeof jar, body: string) {
    const { pathname } = new URL(request.url);
    const bearer = tokens.get(request.headers.get('Authorization')?.slice(7) ?? '');
    const isAccepted =
      bearer?.session.isAlive && bearer.family === bearer.session.family && time < bearer.end;
    const own = isAccepted ? bearer.session : undefined;
    const isFresh = cookie?.session.isAlive && cookie.family === cookie.session.family;
    if (pathname === '/session/refresh') {
      if (cookie === undefined) return { response: refused('refresh_token_missing') };
      if (!isFresh) return { response: refused('refresh_token_rejected') };
      return { response: issue(cookie.session), cookie };
    }
    if (pathname === '/session/logout') {
      for (const session of [own, isFresh ? cookie.session : undefined]) {
        if (session) session.isAlive = false;
      }
      return { response: new Response(null, { status: 204 }), cookie: null };
    }
    if (pathname === '/login') {
      for (const session of [own, isFresh ? cookie.session : undefined]) {
        if (session) session.isAlive = false;
      }
      const sid = body.padEnd(16, '-') + `${sessions.size}`.padStart(16, '0');
      const session = { sid, family: 0, isAlive: true };
      sessions.set(sid, session);
      return { response: issue(session), cookie: { session, family: 0 } };
    }
    if (own === undefined)
      return { response: refused(bearer ? 'invalid_token' : 'session_required') };
    if (pathname === '/elevate') {
      own.family += 1;
      return { response: issue(own), cookie: { session: own, family: own.family } };
    }
    if (body !== '') writes.push({ made: body, done: own.sid });
    return { response: Response.json({}) };
  }

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = await request.text();
    const cookie = jar;
    await sleep(delays());
    if (failures > 0) {
      failures -= 1;
      throw new TypeError('fetch failed');
    }
    const result = serve(request, cookie, body);
    await sleep(delays());
    if (result.cookie === null) jar = undefined;
    else if (result.cookie !== undefined) jar = result.cookie;
    if (request.signal.aborted) throw request.signal.reason;
    return result.response;
  };

  const listeners = new Map<Tabs, (message: Message) => void>();
  let lock: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  function openTabs(_name: string, listener: (message: Message) => void): Tabs {
    /** When the last message to each tab arrives: messages of one tab keep their order. */
    const arrivals = new Map<Tabs, number>();
    const tab: Tabs = {
      post(message) {
        const copy = structuredClone(message);
        for (const [other, listen] of listeners) {
          if (other === tab) continue;
          const at = Math.max(arrivals.get(other) ?? 0, time + delays() / 4);
          arrivals.set(other, at + 0.01);
          after(at - time, () => listen(copy));
        }
      },
      exclusively(work) {
        waiting += 1;
        const done = lock.then(() => {
          waiting -= 1;
          return work();
        });
        lock = done.catch(() => {});
        return done;
      },
      countWaiting: async () => waiting,
      close: () => void listeners.delete(tab),
    };
    listeners.set(tab, listener);
    return tab;
  }

  return {
    writes,
    sessionOfCookie: () =>
      jar?.session.isAlive && jar.family === jar.session.family ? jar.session.sid : undefined,
    fetch,
    open: (): SessionClient =>
      createClient({
        baseUrl: BASE,
        environment: {
          fetch,
          openTabs,
          now: () => 1_700_000_000_000 + Math.floor(time) + clockShift,
          startTimer: after,
        },
      }),
    fail: (count: number) => {
      failures = count;
    },
    shiftClock: (milliseconds: number) => {
      clockShift += milliseconds;
    },
    /** Runs everything that is due within a time. */
    async pass(milliseconds: number): Promise<void> {
      const end = time + milliseconds;
      await flush();
      for (;;) {
        queue.sort((a, b) => a.at - b.at);
        const next = queue[0];
        if (next === undefined || next.at > end) break;
        queue.shift();
        time = Math.max(time, next.at);
        next.run();
        await flush();
      }
      time = end;
    },
  };
}

async function signIn(client: SessionClient, send: typeof fetch, user: string): Promise<void> {
  const response = await send(`${BASE}/login`, { method: 'POST', body: user });
  if (response.ok) await client.start((await response.json()) as never);
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom(...KINDS),
    tab: fc.nat(2),
    after: fc.oneof(fc.nat(50), fc.nat(3_000)),
    user: fc.constantFrom('ada', 'grace'),
  }),
  { minLength: 2, maxLength: 30 },
);
const delays = fc.infiniteStream(fc.oneof(fc.nat(30), fc.nat(1_200)));

describe('three tabs and two users, with random delays, faults and clocks', () => {
  it(
    'carry out each write as the session under which it was made, and agree in the end',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, delays, async (plan, stream) => {
          const world = createSimulation(() => stream.next().value as number);
          const tabs = [world.open(), world.open(), world.open()];
          const results: Promise<unknown>[] = [];
          let settled = 0;
          const keep = (promise: Promise<unknown>): void => {
            results.push(promise.catch(() => {}).then(() => void settled++));
          };
          for (const { kind, tab, after, user } of plan) {
            await world.pass(after);
            const client = tabs[tab] as SessionClient;
            if (kind === 'write') {
              const made = client.sid ?? '';
              keep(client.fetch(`${BASE}/write`, { method: 'POST', body: made }));
            } else if (kind === 'login') keep(signIn(client, client.fetch, user));
            else if (kind === 'form-login') {
              keep(world.fetch(`${BASE}/login`, { method: 'POST', body: user }));
            } else if (kind === 'elevate') {
              keep(
                client.fetch(`${BASE}/elevate`, { method: 'POST' }).then(async (response) => {
                  if (response.ok) await client.start((await response.json()) as never);
                }),
              );
            } else if (kind === 'logout') keep(client.logout());
            else if (kind === 'local-logout') keep(client.logout({ localOnly: true }));
            else if (kind === 'refresh') keep(client.refresh());
            else if (kind === 'expire') await world.pass(900_000);
            else if (kind === 'clock-back') world.shiftClock(-HOUR);
            else if (kind === 'clock-ahead') world.shiftClock(HOUR);
            else if (kind === 'fail') world.fail(1 + tab);
            else {
              client.close();
              tabs[tab] = world.open();
            }
          }
          world.fail(0);
          await world.pass(120_000);
          expect(settled).toBe(results.length);
          for (const { made, done } of world.writes) expect(done).toBe(made);

          for (const client of tabs) {
            keep(client.refresh());
            await world.pass(10_000);
          }
          await world.pass(60_000);
          const sid = world.sessionOfCookie();
          expect(tabs.map((client) => client.sid)).toEqual([sid, sid, sid]);
        }),
        runs(2_000, 100),
      );
    },
    PATIENCE * 3,
  );
});
