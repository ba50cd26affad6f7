import { createSessions } from '@sess/core';
import { createStatelessSessions, jwt } from '@sess/jwt';
import { redisDenylist, redisStore } from '@sess/redis';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { useRedis, useServer } from './denylist/help.js';

const NAMES = { keys: 'a secret of thirty-two bytes or more', issuer: 'https://a', audience: 'a' };

/** A server under `noeviction` that refuses each command that could need memory. */
async function open() {
  const server = await useServer();
  const client = await useRedis(server.url);
  const stateless = createStatelessSessions({
    ...NAMES,
    audience: 'b',
    logger: silentLogger,
    denylist: redisDenylist(client, { keyPrefix: 'stateless:' }),
  });
  const signed = createSessions({
    logger: silentLogger,
    store: redisStore(client),
    accessToken: jwt({ ...NAMES, revocation: 'denylist', denylist: redisDenylist(client) }),
  });
  const fill = () => server.command('CONFIG', 'SET', 'maxmemory', '1');
  return { stateless, signed, fill };
}

describe('sign-outs on a full server, where nothing else can be written', () => {
  it('a stateless sign-out denies the token, by end, revoke and revokeAll', async () => {
    const { stateless, fill } = await open();
    const subjects = ['ada', 'bob', 'eve'];
    const issued = await Promise.all(subjects.map((subject) => stateless.create({ subject })));
    const [one, two, three] = issued;
    await fill();
    await stateless.end({ accessToken: one?.accessToken });
    await stateless.revoke(String(two?.session.sid));
    await stateless.revokeAll(String(three?.session.subject));
    for (const { accessToken } of issued) {
      expect(await stateless.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    }
  });

  it('a signed token and its session end, by end, revoke and revokeAll', async () => {
    const { signed, fill } = await open();
    const subjects = ['ada', 'bob', 'eve'];
    const issued = await Promise.all(subjects.map((subject) => signed.create({ subject })));
    const [one, two, three] = issued;
    await fill();
    await signed.end({ accessToken: one?.accessToken, refreshToken: one?.refreshToken });
    expect(await signed.revoke(String(two?.session.sid))).toBe(true);
    expect(await signed.revokeAll(String(three?.session.subject))).toBe(1);
    for (const { accessToken, refreshToken } of issued) {
      expect(await signed.verify(accessToken)).toMatchObject({ ok: false });
      expect(await signed.refresh(refreshToken)).toMatchObject({ ok: false });
    }
  });
});
