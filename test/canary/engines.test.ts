import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { createSessions, type Issued, type Sessions } from '@sess/core';
import { createStatelessSessions, jwt } from '@sess/jwt';
import { instrument } from '@sess/otel';
import { redisDenylist, redisStore } from '@sess/redis';
import { describe, it } from 'vitest';
import { useRedis } from '../../packages/redis/test/faults/arrange.js';
import { host as express } from '../demo/express/host.js';
import { host as fastify } from '../demo/fastify/host.js';
import { host as hono } from '../demo/hono/host.js';
import type { Hosted } from '../demo/host.js';
import type { TokenMode } from '../kit.js';
import { listenTo, recordFor, trapLogger } from './listeners.js';
import { faultsOf, spoil, useWatchedServer } from './server.js';
import { createTrap, type Trap } from './trap.js';
import { createVisitor, mistakesOf, type Visitor, visitsOf } from './visits.js';

const HOSTS = { express, fastify, hono };
/** Each adapter, each kind of token. */
const CASES = [
  ['express', 'opaque'],
  ['fastify', 'jwt'],
  ['hono', 'stateless'],
] as const;
const NAMES = { issuer: 'https://api.example.com', audience: 'https://api.example.com' };
const SINKS = [
  'answer',
  'channel',
  'command',
  'error',
  'event',
  'log',
  'metric',
  'outcome',
  'span',
  'store',
];
/** Seconds: long enough for a busy machine, short enough to wait for in a silence. */
const TIMEOUT = 1;

/** An engine of each kind on a server, all of whose secrets are in the trap. */
function makeEngine(mode: TokenMode, client: ReturnType<typeof useRedis>, trap: Trap): Sessions {
  const [keys, subjectPepper] = [
    randomBytes(48).toString('base64'),
    randomBytes(24).toString('hex'),
  ];
  trap.secret('key', keys);
  trap.secret('pepper', subjectPepper);
  const logger = trapLogger(trap);
  const denylist = redisDenylist(client, { timeout: TIMEOUT });
  const common = { logger, subjectPepper, grace: '0s' } as const;
  if (mode === 'stateless') return createStatelessSessions({ ...common, ...NAMES, keys, denylist });
  const store = redisStore(client, { timeout: TIMEOUT });
  if (mode === 'opaque') return createSessions({ ...common, store });
  const accessToken = jwt({ ...NAMES, keys, revocation: 'denylist', denylist });
  return createSessions({ ...common, store, accessToken });
}

/** Everything that an engine can do, in an order in which each of them has something to do. */
function callsOf(sessions: Sessions, issued: Issued): readonly (() => Promise<unknown>)[] {
  const { accessToken, refreshToken } = issued;
  const { sid, subject } = issued.session;
  return [
    async () => sessions.verify(accessToken),
    async () => sessions.authenticate(`Bearer ${accessToken}`),
    async () => sessions.verify(`${accessToken}x`),
    () => sessions.get(sid),
    () => sessions.list(subject),
    () => sessions.update(sid, { note: 'kept' }),
    () => sessions.update(sid, { note: 1n }),
    () => sessions.revokeAll(subject, { except: sid }),
    () => sessions.revokeAll(subject, { expect: sid } as never),
    () => sessions.refresh(refreshToken),
    () => sessions.elevate(sid),
    () => sessions.create({ subject }),
    () => sessions.create({ subject: accessToken.repeat(20) }),
    () => sessions.end(accessToken as never),
    () => sessions.end({ accessToken, refreshToken }),
    () => sessions.revoke(sid),
    () => sessions.ready(),
  ];
}

/** What a call throws, and how its outcome shows itself, is for everyone to read. */
async function watch(call: () => Promise<unknown>, trap: Trap): Promise<void> {
  const outcome: unknown = await call().catch((error: unknown) => trap.wrote('error', error));
  const { accessToken, refreshToken } = (outcome ?? {}) as Partial<Issued>;
  trap.token(accessToken);
  trap.token(refreshToken);
  // As whoever prints it sees it; what it holds besides is for its owner.
  trap.wrote('outcome', `${inspect(outcome)} ${inspect([{ outcome }], { depth: 9 })}`);
}

/** Everything that goes right, and everything that a client may do wrong. */
async function visitAll({ base, sessions }: Hosted, trap: Trap): Promise<Visitor> {
  const visitor = createVisitor(base, trap);
  const ada = await visitor.signIn('ada');
  await visitor.sendAll(mistakesOf(ada));
  for (const visit of visitsOf(ada)) await visitor.send(visit);

  // A token that was spent comes back: a theft, or with signed sessions one that is denied.
  const bea = await visitor.signIn('bea');
  const next = await visitor.refresh(bea);
  await visitor.send({ method: 'GET', path: '/me', headers: [next.bearer] });
  await visitor.send({ method: 'POST', path: '/session/refresh', headers: [bea.carried] });
  await visitor.sendAll(visitsOf(next));

  const cleo = await visitor.signIn('cleo');
  const again = await visitor.signIn('cleo', [cleo.carried]);
  await visitor.send({ method: 'POST', path: '/reauth', headers: [again.bearer] });
  await visitor.sendAll([...visitsOf(cleo), ...visitsOf(again), ...mistakesOf(again)]);
  for (const path of ['/session/logout', '/session/logout-all']) {
    const { carried, bearer } = await visitor.signIn('dora');
    for (const headers of [[carried], [bearer]])
      await visitor.send({ method: 'POST', path, headers });
  }
  for (const call of callsOf(sessions, await issue(sessions, trap))) await watch(call, trap);
  return visitor;
}

async function issue(sessions: Sessions, trap: Trap): Promise<Issued> {
  const issued = await sessions.create({ subject: 'emil', data: { theme: 'dark' } });
  trap.token(issued.accessToken);
  trap.token(issued.refreshToken);
  return issued;
}

describe('secrets', () => {
  it.for(CASES)(
    'secrets appear only where they belong, in every operation and after every fault: %s, %s [logs.lines, logs.errors, logs.published, logs.shown, logs.kept, logs.responses]',
    { timeout: 60_000 },
    async ([name, mode], { expect, onTestFinished }) => {
      const trap = createTrap();
      const watched = await useWatchedServer(onTestFinished, trap);
      const client = useRedis(onTestFinished, watched.proxy.url);
      const recording = recordFor(trap);
      const { tracerProvider, meterProvider } = recording;
      const engine = makeEngine(mode, client, trap);
      const sessions = instrument(engine, { tracerProvider, meterProvider });
      onTestFinished(listenTo(sessions, trap));
      await sessions.ready();
      const hosted = await HOSTS[name](sessions);
      onTestFinished(() => hosted.close());

      const visitor = await visitAll(hosted, trap);
      for (const [, begin, end] of faultsOf(watched)) {
        const [holder, issued] = [await visitor.signInAtLast('ada'), await issue(sessions, trap)];
        await begin();
        await visitor.sendAll([...visitsOf(holder), ...mistakesOf(holder)]);
        await Promise.all(callsOf(sessions, issued).map((call) => watch(call, trap)));
        await visitor.send({ method: 'POST', path: '/session/logout', headers: [holder.carried] });
        await end();
      }
      const holder = await visitor.signInAtLast('ada');
      await watched.read();
      await spoil(watched.server);
      await visitor.sendAll(visitsOf(holder));

      await recording.read();
      expect(trap.leaks()).toEqual([]);
      // It has seen something of everything, or it would have shown nothing.
      expect(Object.keys(trap.sinks()).sort()).toEqual(SINKS);
      expect(visitor.statuses()).toEqual(
        expect.arrayContaining([200, 204, 400, 401, 404, 405, 503]),
      );
      expect(trap.secrets()).toBeGreaterThan(mode === 'stateless' ? 30 : 100);
      trap.wrote('log', { user: holder.token });
      expect(trap.leaks()).toEqual([`${mode === 'opaque' ? 'access' : 'signed'} token in log`]);
    },
  );
});
