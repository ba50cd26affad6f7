import { createSessions, memoryStore } from '@sess/core';
import {
  createAdoptions,
  formatRefreshToken,
  parseRefreshToken,
  type RefreshCredential,
} from '@sess/core/internal';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';
import { boundDigest, keepBinding } from '../../src/session/binding.js';
import { contextOf } from '../../src/session/context.js';
import { toSession } from '../../src/session/issue-tokens.js';
import type { AuthPart, DeviceBinding } from '../../src/store/record.js';
import { arrange } from './arrange.js';
import { signIn, withAuth } from './decisions.js';

const SECRET = 'A'.repeat(43);
const BINDING: DeviceBinding = {
  kind: 'dbsc',
  key: 'key',
  salt: 'earlier salt',
  cookieTtl: 600_000,
  cookies: [{ digest: boundDigest(SECRET), expiresAt: 5 }],
  formerUntil: 77,
  isPending: false,
};
const recordWith = (binding: AuthPart['binding']) =>
  withAuth(signIn(), { ...(binding === undefined ? {} : { binding }) }).record;
const auth = (binding: AuthPart['binding']): AuthPart => recordWith(binding).auth;

describe('a re-authentication where nothing binds', () => {
  const fresh = auth(undefined);
  const issue = (earlier: AuthPart['binding']) => keepBinding(fresh, undefined, auth(earlier));

  it('keeps the key of a browser without its cookies, so that it has to prove it again', () => {
    expect(issue(BINDING)).toEqual({ ...fresh, binding: { ...BINDING, cookies: [] } });
  });

  it('keeps the key of a client, and none begins', () => {
    const binding = { kind: 'dpop', jkt: 'thumbprint' } as const;
    expect(issue(binding)).toEqual({ ...fresh, binding });
    expect(issue(undefined)).toBe(fresh);
    expect(keepBinding(fresh, undefined)).toBe(fresh);
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

describe('an engine with other rules for cookies', () => {
  it('reports a cookie that came after its time, once', async () => {
    const { sessions, refreshToken } = await bound();
    const report = vi.fn();
    const rules = contextOf(sessions)?.rules ?? {};
    let reason: 'unbound' | 'expired' = 'expired';
    Object.assign(rules, {
      present: () => ({ kind: 'reject', reason, ...(reason === 'unbound' && { report }) }),
      refresh: () => ({ kind: 'reject', reason, report }),
    });
    const present = () => sessions.present(refreshToken, { canRenew: true });
    expect(await present()).toEqual({ ok: false, reason: 'expired' });
    expect(report).not.toHaveBeenCalled();
    reason = 'unbound';
    expect(await present()).toEqual({ ok: false, reason: 'unbound' });
    expect(report).toHaveBeenCalledTimes(1);
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'unbound' });
    expect(report).toHaveBeenCalledTimes(1);
  });

  it('accepts a cookie by what the store has when the cached record did not', async () => {
    const { sessions, refreshToken, session } = await bound();
    let isFirst = true;
    const rules = contextOf(sessions)?.rules ?? {};
    Object.assign(rules, {
      present() {
        if (!isFirst) return { kind: 'accept', isLatest: false };
        isFirst = false;
        return { kind: 'reject', reason: 'unknown' };
      },
    });
    expect(await sessions.present(refreshToken, { canRenew: true })).toMatchObject({
      ok: true,
      session: { sid: session.sid },
    });
  });
});

describe('an engine where nothing binds', () => {
  it('knows neither the cookie nor the refresh token of a bound session', async () => {
    const { sessions, events, unbound, refreshToken, session } = await bound();
    const unknown = { ok: false, reason: 'unknown' };
    expect(await sessions.present(refreshToken, { canRenew: true })).toEqual(unknown);
    expect(await sessions.refresh(refreshToken)).toEqual(unknown);
    expect(unbound).not.toHaveBeenCalled();
    expect(events.map(([name]) => name)).not.toContain('revoked');
    expect(await sessions.get(session.sid)).toMatchObject({ binding: { kind: 'dbsc' } });
  });

  it('ends a bound session by its cookie, also by one that has run out, and by no other', async () => {
    const { sessions, refreshToken, session } = await bound();
    const { family } = parseRefreshToken(refreshToken) as RefreshCredential;
    const cookie = (secret: string) =>
      formatRefreshToken({ sid: session.sid, family, generation: 0, secret });
    expect(await sessions.end({ refreshToken: cookie(SECRET.replace('A', 'B')) })).toBe(false);
    expect(await sessions.end({ refreshToken: cookie(SECRET) })).toBe(true);
    expect(await sessions.get(session.sid)).toBeUndefined();
  });

  it('keeps the key through a re-authentication, whose token it does not know either', async () => {
    const { sessions, session } = await bound();
    const elevated = await sessions.elevate(session.sid, { acr: 'two' });
    expect(elevated?.session).toMatchObject({ acr: 'two', binding: { kind: 'dbsc' } });
    expect(await sessions.present(elevated?.refreshToken, { canRenew: true })).toEqual({
      ok: false,
      reason: 'unknown',
    });
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
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
