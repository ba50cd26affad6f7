import { createHash } from 'node:crypto';
import { createSessions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createTrap } from './trap.js';

const ACCESS = `sat_${'S'.repeat(32)}.b1rdZ9-_pQ7wLxK3mVt2RyU8oN5cAeG4hJ6fDsTiW0k`;
const [, SECRET = ''] = ACCESS.split('.');
const BYTES = Buffer.from(SECRET, 'base64url');

function leaksOf(what: unknown, sink = 'log'): readonly string[] {
  const trap = createTrap();
  trap.token(ACCESS);
  trap.wrote(sink, what);
  return trap.leaks();
}

/** An error as a driver makes them: with the command that failed, and what caused it. */
function driverError(): Error {
  const cause = Object.assign(new Error('ERR'), { command: { args: [Buffer.from(ACCESS)] } });
  return new Error('the store failed', { cause });
}

describe('a secret that leaks', () => {
  it.each([
    ['as it is', ACCESS],
    ['in a part', `…${SECRET.slice(9, 25)}…`],
    ['in the field of an object', { fields: [{ value: SECRET }] }],
    ['in the name of a property', { [SECRET]: true }],
    ['in a property that is not listed', Object.defineProperty({}, 'raw', { value: SECRET })],
    ['in a Map', new Map([['key', new Set([SECRET])]])],
    ['in bytes', BYTES],
    ['in bytes of its text', { value: Buffer.from(`x${SECRET}`) }],
    ['in hex', BYTES.toString('hex')],
    ['in base64 of more', Buffer.from(`{"token":"${ACCESS}"}`).toString('base64')],
    ['in base64url of even more', Buffer.from(`{"a":1,"token":"${ACCESS}"}`).toString('base64url')],
    ['in an address', `/me?token=${encodeURIComponent(ACCESS)}`],
    ['in the message of an error', new Error(ACCESS)],
    ['in the stack of an error', Object.assign(new Error('x'), { stack: ACCESS })],
    ['in the cause of an error', new Error('x', { cause: new Error('y', { cause: ACCESS }) })],
    ['in the arguments of a command', driverError()],
    ['in one of several errors', new AggregateError([new Error('x'), new Error(ACCESS)])],
  ])('is found %s', (_where, what) => {
    expect(leaksOf(what)).toEqual(['access token in log']);
  });

  it('is found as a digest, but where stores keep it', () => {
    const digest = createHash('sha256').update(SECRET).digest('base64url').slice(0, 22);
    expect(leaksOf({ error: digest })).toEqual(['digest of access token in log']);
    expect(leaksOf({ error: digest }, 'store')).toEqual([]);
    expect(leaksOf({ error: SECRET }, 'store')).toEqual(['access token in store']);
  });

  it.each([
    ['nothing', undefined],
    ['the session id', 'S'.repeat(32)],
    ['eight characters', `${SECRET.slice(0, 8)}…`],
    ['an ordinary error', new Error('connect ECONNREFUSED 127.0.0.1:6379')],
  ])('is not found in %s', (_what, what) => {
    expect(leaksOf(what)).toEqual([]);
  });

  it('finds a secret that a caller of the engine logs', async () => {
    const trap = createTrap();
    const sessions = createSessions({ logger: silentLogger });
    const issued = await sessions.create({ subject: 'ada' });
    trap.token(issued.accessToken);
    trap.token(issued.refreshToken);
    trap.wrote('stdout', `signed in: ${JSON.stringify(issued)}`);
    expect(trap.leaks()).toEqual([
      'access token in stdout',
      'family in stdout',
      'refresh token in stdout',
    ]);
  });
});
