import { createStatelessSessions, memoryDenylist } from '@sess/jwt';
import { instrument } from '@sess/otel';
import { silentLogger } from '@sess/testkit';
import { adapterSuite } from '@sess/testkit/suites';
import { describe, expect, it } from 'vitest';
import { makeEngine, TOKEN_MODES } from '../../../test/token-modes.js';
import { startHost } from '../../hono/test/host.js';
import { arrange } from './instrument.js';

describe('instrument', () => {
  it.each(TOKEN_MODES)(
    'returns an engine with the members of the given one, with %s tokens',
    async (mode) => {
      const engine = await makeEngine(mode);
      const sessions = instrument(engine);
      expect(Object.keys(sessions)).toEqual(Object.keys(engine));
      expect(sessions.kind).toBe(engine.kind);
      expect(sessions.clock).toBe(engine.clock);
      expect(Object.isFrozen(sessions)).toBe(true);
      await sessions.ready();
      await sessions.close();
    },
  );

  it('works without a registered SDK and throws the errors of the engine', async () => {
    const sessions = instrument(await makeEngine('opaque'));
    const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    expect((await sessions.verify(accessToken)).ok).toBe(true);
    expect((await sessions.refresh(refreshToken)).ok).toBe(true);
    await expect(sessions.create({ subject: '' })).rejects.toMatchObject({
      code: 'invalid_subject',
    });
  });

  it('returns the same session objects as the engine, by which a stateless engine recognises them', async () => {
    const sessions = instrument(
      createStatelessSessions({
        issuer: 'https://api.example.com',
        audience: 'https://api.example.com',
        keys: 'a secret of at least thirty-two bytes',
        denylist: memoryDenylist(),
        logger: silentLogger,
      }),
    );
    const { session, accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.elevate(session)).toMatchObject({ session: { sid: session.sid } });
    expect(await sessions.revokeToken(accessToken)).toBe(false);
  });

  it('puts no token, session id or subject into spans and metrics [logs.published]', async () => {
    const { sessions, faulty, clock, spans, metrics } = arrange();
    const subject = 'ada-the-canary';
    const first = await sessions.create({ subject, data: { pin: 'canary-4711' } });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) expect.unreachable();
    const { sid } = second.session;
    await sessions.authenticate(`Bearer ${second.accessToken}`);
    await sessions.verify(`${second.accessToken}canary`);
    await sessions.update(sid, { pin: 'canary-4712' });
    await sessions.list(subject);
    faulty.fail();
    await expect(sessions.verify(second.accessToken)).rejects.toThrow();
    await expect(sessions.end({ refreshToken: second.refreshToken })).rejects.toThrow();
    await expect(sessions.revoke(sid)).rejects.toThrow();
    faulty.heal();
    clock.advance('5m');
    await sessions.refresh(first.refreshToken);

    const text = JSON.stringify([
      spans().map(({ name, attributes, events, status, links }) => [
        name,
        attributes,
        events,
        status,
        links,
      ]),
      await metrics(),
    ]);
    expect(text).toContain('store_unavailable');
    expect(text).not.toContain('canary');
    expect(text).not.toContain(sid);
    for (const { accessToken, refreshToken } of [first, second]) {
      for (const token of [accessToken, refreshToken]) {
        expect(text).not.toContain(token.slice(-20));
      }
    }
  });

  it.each([
    [() => instrument(undefined as never), 'invalid_argument'],
    [() => instrument({} as never), 'invalid_argument'],
    [() => instrument(arrange().engine, { tracer: 1 } as never), 'invalid_option'],
    [() => instrument(arrange().engine, { tracerProvider: 1 } as never), 'invalid_option'],
    [() => instrument(arrange().engine, { meterProvider: {} } as never), 'invalid_option'],
  ])('refuses a wrong argument or option: %s', (make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

adapterSuite('Hono 4, instrumented', ({ sessions, ...setup }) => {
  const { tracerProvider, meterProvider } = arrange();
  return startHost({
    ...setup,
    sessions: instrument(sessions, { tracerProvider, meterProvider }),
  });
});
