import { channel } from 'node:diagnostics_channel';
import { createSessions } from '@sess/core';
import { createStatelessSessions } from '@sess/jwt';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createNotebook } from './notebook.js';
import { notebook } from './watch.js';

describe('the watch over all tests', () => {
  it.each<readonly [string, readonly string[], (text: string) => void]>([
    ['a log', ['log'], (text) => silentLogger.info({ user: { text } }, 'signed in')],
    ['the text of a log', ['log'], (text) => silentLogger.error({}, `not signed in: ${text}`)],
    ['an event', ['channel'], (text) => channel('sess:created').publish({ token: text })],
    [
      'a warning, which is printed',
      ['stderr', 'warning'],
      (text) => void process.emit('warning', new Error(`leaked on purpose: ${text}`)),
    ],
  ])('finds a token in %s', async (_where, sinks, leak) => {
    const { accessToken, refreshToken } = await createSessions().create({ subject: 'ada' });
    for (const token of [accessToken, refreshToken]) {
      expect(notebook.takeLeaks()).toEqual([]);
      leak(token);
      expect([...notebook.takeLeaks()].sort()).toEqual(sinks);
    }
  });

  it('finds a signed token, too', async () => {
    const sessions = createStatelessSessions({
      issuer: 'https://api.example.com',
      audience: 'https://api.example.com',
      keys: 'a secret of at least thirty-two bytes',
      logger: silentLogger,
    });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    await sessions.verify(accessToken);
    silentLogger.debug({ accessToken }, 'signed in');
    expect(notebook.takeLeaks()).toEqual(['log']);
  });

  it('finds nothing in what may be written', async () => {
    const sessions = createSessions({ logger: silentLogger });
    const { session, accessToken } = await sessions.create({ subject: 'ada' });
    silentLogger.info({ sid: session.sid, token: `${accessToken.slice(0, 8)}…` }, 'signed in');
    await sessions.verify(`${accessToken.slice(0, -2)}AA`);
    expect(notebook.takeLeaks()).toEqual([]);
  });
});

describe('a notebook', () => {
  const secretOf = (n: number) =>
    Buffer.from(`secret number ${n} of many, 32 b`).toString('base64url');

  it('looks in time, and remembers where it found something until it is asked', () => {
    const own = createNotebook();
    own.learn(secretOf(1_000));
    own.note('stdout', `leaked: ${secretOf(1_000)}`);
    for (let n = 0; n < 5_000; n += 1) own.note('log', `an ordinary line, number ${n}`);
    expect(own.takeLeaks()).toEqual(['stdout']);
    expect(own.takeLeaks()).toEqual([]);
  });

  it('knows the last secrets of however many', () => {
    const own = createNotebook();
    for (let n = 1_000; n < 2_000; n += 1) own.learn(secretOf(n));
    own.note('stdout', secretOf(1_999));
    expect(own.takeLeaks()).toEqual(['stdout']);
  });
});
