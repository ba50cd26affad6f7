import { createSessions, memoryStore } from '@sess/core';
import { createAdoptions } from '@sess/core/internal';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';
import { boundDigest, findCookie, rebind } from '../../src/session/binding.js';
import { contextOf } from '../../src/session/context.js';
import { toSession } from '../../src/session/issue-tokens.js';
import type { AuthPart, DeviceBinding } from '../../src/store/record.js';
import { arrange } from './arrange.js';
import { signIn, withAuth } from './decisions.js';

const BINDING: DeviceBinding = {
  kind: 'dbsc',
  key: 'key',
  salt: 'earlier salt',
  cookieTtl: 600_000,
  cookies: [{ digest: boundDigest('first'), expiresAt: 5 }],
  formerUntil: 77,
  isPending: false,
};
const recordWith = (binding: AuthPart['binding']) =>
  withAuth(signIn(), { ...(binding === undefined ? {} : { binding }) }).record;
const auth = (binding: AuthPart['binding']): AuthPart => recordWith(binding).auth;
const FRESH = { auth: auth(undefined), refreshSecret: 'second' };

describe('a binding after a re-authentication', () => {
  it('keeps the key, with the salt of the new family and its refresh token as the only cookie', () => {
    expect(rebind(auth(BINDING), FRESH, undefined)).toEqual({
      binding: {
        ...BINDING,
        salt: FRESH.auth.steps[0]?.salt,
        cookies: [
          {
            digest: boundDigest('second'),
            expiresAt: FRESH.auth.authenticatedAt + BINDING.cookieTtl,
          },
        ],
        formerUntil: 0,
      },
    });
  });

  it('ends if the browser may not know of it, and none begins', () => {
    expect(rebind(auth({ ...BINDING, isPending: true }), FRESH, undefined)).toEqual({});
    expect(rebind(auth(undefined), FRESH, undefined)).toStrictEqual({});
  });

  it('stays that of a client with a key, unless it has proved another one', () => {
    const binding = { kind: 'dpop', jkt: 'thumbprint' } as const;
    expect(rebind(auth(binding), FRESH, undefined)).toEqual({ binding });
    const other = { kind: 'dpop', jkt: 'another' };
    expect(rebind(auth(binding), FRESH, 'another')).toEqual({ binding: other });
    expect(rebind(auth(BINDING), FRESH, 'another')).toEqual({ binding: other });
  });
});

describe('a cookie of a bound session', () => {
  it('is found by its secret, in a session that is bound to a browser', () => {
    expect(findCookie(auth(BINDING), 'first')).toEqual(BINDING.cookies[0]);
    expect(findCookie(auth(BINDING), 'second')).toBeUndefined();
    expect(findCookie(auth({ kind: 'dpop', jkt: 'thumbprint' }), 'first')).toBeUndefined();
  });
});

describe('what a session shows of its binding', () => {
  const shown = (binding: AuthPart['binding']) =>
    toSession(recordWith(binding)) as unknown as Record<string, unknown>;

  it('is the kind alone for a browser, and the thumbprint for a key', () => {
    expect(shown(BINDING)['binding']).toEqual({ kind: 'dbsc' });
    const binding = { kind: 'dpop', jkt: 'thumbprint' } as const;
    expect(shown(binding)['binding']).toEqual(binding);
  });

  it('is nothing while the browser may not know of it', () => {
    expect(shown({ ...BINDING, isPending: true })).not.toHaveProperty('binding');
    expect(shown(undefined)).not.toHaveProperty('binding');
  });
});

/** An engine with a bound session. */
async function bound() {
  const arranged = arrange();
  const { sessions, faulty, clock } = arranged;
  const unbound = vi.fn();
  sessions.on('unbound-use', unbound);
  const { refreshToken, session } = await sessions.create({ subject: 'ada' });
  const { record } = await faulty.store.load(session.sid);
  if (record === undefined) throw new Error('the session was not stored');
  const write = { notAfter: clock.now() + 1_000, operation: 'bind' };
  const next = { ...record.auth, binding: BINDING };
  await faulty.store.replaceAuth(session.sid, record.authVersion, next, write);
  return { ...arranged, unbound, refreshToken, session };
}

describe('an engine with a port for devices', () => {
  it('reports a cookie that came after its time, and that alone', async () => {
    const { sessions, unbound, refreshToken, session } = await bound();
    let reason: 'unbound' | 'expired' = 'expired';
    contextOf(sessions)?.devices.push({
      present: () => ({ kind: 'reject', reason }),
      refresh: () => ({ kind: 'reject', reason }),
    });
    const present = () => sessions.present(refreshToken, { canRenew: true });
    expect(await present()).toEqual({ ok: false, reason: 'expired' });
    expect(unbound).not.toHaveBeenCalled();
    reason = 'unbound';
    expect(await present()).toEqual({ ok: false, reason: 'unbound' });
    expect(unbound.mock.calls).toEqual([[{ sid: session.sid, subject: 'ada' }]]);
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'unbound' });
  });

  it('accepts a cookie by what the store has when the cached record did not', async () => {
    const { sessions, refreshToken, session } = await bound();
    let isFirst = true;
    contextOf(sessions)?.devices.push({
      present: () => {
        if (!isFirst) return { kind: 'accept', isLatest: false };
        isFirst = false;
        return { kind: 'reject', reason: 'unknown' };
      },
      refresh: () => ({ kind: 'reject', reason: 'unknown' }),
    });
    expect(await sessions.present(refreshToken, { canRenew: true })).toMatchObject({
      ok: true,
      session: { sid: session.sid },
    });
  });
});

describe('an engine without the port for devices', () => {
  it('knows neither the cookie nor the refresh token of a bound session', async () => {
    const { sessions, events, unbound, refreshToken, session } = await bound();
    const unknown = { ok: false, reason: 'unknown' };
    expect(await sessions.present(refreshToken, { canRenew: true })).toEqual(unknown);
    expect(await sessions.refresh(refreshToken)).toEqual(unknown);
    expect(unbound).not.toHaveBeenCalled();
    expect(events.map(([name]) => name)).not.toContain('revoked');
    expect(await sessions.get(session.sid)).toMatchObject({ binding: { kind: 'dbsc' } });
  });
});

describe('the context of an engine', () => {
  it('is absent for an object that is no engine with a store', () => {
    expect(contextOf({})).toBeUndefined();
    const context = contextOf(arrange().sessions);
    expect(context && createAdoptions(context)).toHaveProperty('adopt');
  });
});

describe('a session that is bound to a key', () => {
  it('is not verified without a proof of it, from memory neither', async () => {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const sessions = createSessions({ store, clock, logger: silentLogger });
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    expect(sessions.verify(accessToken)).toMatchObject({ ok: true });
    const { record } = await store.load(session.sid);
    if (record === undefined) throw new Error('the session was not stored');
    const write = { notAfter: clock.now() + 1_000, operation: 'bind' };
    const next = { ...record.auth, binding: { kind: 'dpop', jkt: 'thumbprint' } as const };
    await store.replaceAuth(session.sid, record.authVersion, next, write);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unbound' });
  });
});
