import { createSessions, type Issued, type RefreshResult } from '@sess/core';
import { describe, expect, it } from 'vitest';
import type { CurrentHarness } from './harness.js';

/** Unwraps a refresh that has to have worked. */
function accepted(result: RefreshResult): Issued {
  if (!result.ok) throw new Error(`refresh was rejected: ${result.reason}`);
  return result;
}

/** The engine at work on the store: what no single operation shows. */
export function describeEngine(current: CurrentHarness): void {
  describe('under an engine', () => {
    it('carries a session through its life', async () => {
      const { store } = current();
      const sessions = createSessions({ store });
      const first = await sessions.create({ subject: 'ada', data: { handle: 'ada' } });
      expect(await sessions.verify(first.accessToken)).toMatchObject({
        ok: true,
        session: { subject: 'ada' },
      });
      const second = accepted(await sessions.refresh(first.refreshToken));
      expect(second.accessToken).not.toBe(first.accessToken);
      expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
      expect(await sessions.update(first.session.sid, { theme: 'dark' })).toMatchObject({
        data: { handle: 'ada', theme: 'dark' },
      });
      expect(await sessions.revoke(first.session.sid)).toBe(true);
      expect(await sessions.verify(second.accessToken)).toEqual({ ok: false, reason: 'unknown' });
      expect(await sessions.refresh(second.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    });

    it('gives fifty parallel refreshes of one token, from two engines, one successor [rotation.parallel]', async () => {
      const { store } = current();
      const engines = [createSessions({ store }), createSessions({ store })] as const;
      const { refreshToken } = await engines[0].create({ subject: 'ada' });
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, n) => engines[n % 2 === 0 ? 0 : 1].refresh(refreshToken)),
      );
      const tokens = results.map((result) => accepted(result).refreshToken);
      expect(new Set(tokens).size).toBe(1);
      expect(tokens[0]).not.toBe(refreshToken);
      for (const result of results) {
        expect(await engines[1].verify(accepted(result).accessToken)).toMatchObject({ ok: true });
      }
    });

    it('loses no concurrent patch', async () => {
      const { store } = current();
      const sessions = createSessions({ store });
      const { session } = await sessions.create({ subject: 'ada' });
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => sessions.update(session.sid, { [`key${n}`]: n })),
      );
      expect(Object.keys((await sessions.get(session.sid))?.data ?? {})).toHaveLength(20);
    });

    it('signs in again right after signing out everywhere', async () => {
      const { store } = current();
      const sessions = createSessions({ store });
      const before = await sessions.create({ subject: 'ada' });
      expect(await sessions.revokeAll('ada')).toBe(1);
      const after = await sessions.create({ subject: 'ada' });
      expect(await sessions.verify(before.accessToken)).toMatchObject({ ok: false });
      expect(await sessions.verify(after.accessToken)).toMatchObject({ ok: true });
    });
  });
}
