import { createSessions, type Issued, memoryStore } from '@sess/core';
import type { AuthPart, SessionStore } from '@sess/core/store';

import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createAuth, createRecord } from '../../../../test/kit.js';
import { createAcknowledger } from '../../src/session/acknowledge.js';
import type { StorePort } from '../../src/store/store-port.js';
import { settle } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

/** An engine on a store whose calls can be looked into, with a session that has been rotated once. */
async function arrangeRotated(kind: 'looked up' | 'signed') {
  const clock = createFakeClock();
  const { getCached: _, ...inner } = memoryStore({ clock });
  const calls: string[] = [];
  const hooks: { before?: (operation: string) => Promise<unknown> } = {};
  const watch = async (operation: string) => {
    calls.push(operation);
    await hooks.before?.(operation);
  };
  const store: SessionStore = {
    ...inner,
    load: async (sid) => watch('load').then(() => inner.load(sid)),
    replaceAuth: async (...call) => watch('replaceAuth').then(() => inner.replaceAuth(...call)),
  };
  const tokens = kind === 'signed' ? { accessToken: createFakeTokens() } : {};
  const make = (own: SessionStore) =>
    createSessions({ store: own, clock, logger: silentLogger, ...tokens });
  const sessions = make(store);
  const rotate = async ({ refreshToken }: Issued): Promise<Issued> => {
    const result = await sessions.refresh(refreshToken);
    if (!result.ok) throw new Error(result.reason);
    return result;
  };
  const first = await sessions.create({ subject: 'ada' });
  const second = await rotate(first);
  const { sid } = first.session;
  const see = async ({ accessToken }: Issued, by = sessions) => {
    expect(await by.verify(accessToken)).toMatchObject({ ok: true });
    await settle();
  };
  const auth = async (): Promise<AuthPart | undefined> => (await inner.load(sid)).record?.auth;
  calls.length = 0;
  return {
    clock,
    inner,
    sessions,
    calls,
    hooks,
    make,
    store,
    sid,
    first,
    second,
    rotate,
    see,
    auth,
  };
}

describe('settling', () => {
  it('is by any access token of the newest generation, also one that a replay made', async () => {
    const { clock, first, second, rotate, see, auth } = await arrangeRotated('looked up');
    clock.advance('899s');
    expect((await rotate(first)).accessToken).not.toBe(second.accessToken);
    await see(second);
    expect(await auth()).toMatchObject({ acknowledged: true, accessCount: 1 });
  });

  it('is by the newest token also where it is the only one, as all before it have run out', async () => {
    const { clock, second, rotate, see, auth } = await arrangeRotated('looked up');
    await see(second);
    clock.advance('16m');
    const third = await rotate(second);
    expect(await auth()).toMatchObject({ acknowledged: false, access: [expect.anything()] });
    await see(third);
    expect(await auth()).toMatchObject({ acknowledged: true });
  });

  it('leaves a generation alone that came after the one whose token was seen', async () => {
    const { hooks, calls, second, rotate, see, auth } = await arrangeRotated('looked up');
    hooks.before = async () => {
      // The first look is the verification's own.
      if (calls.length !== 2) return;
      delete hooks.before;
      await rotate(second);
    };
    await see(second);
    expect(await auth()).toMatchObject({ generation: 2, acknowledged: false });
  });

  it('acknowledging does not touch another family of the same generation', async () => {
    const { hooks, calls, sessions, sid, second, rotate, see, auth } =
      await arrangeRotated('looked up');
    hooks.before = async () => {
      if (calls.length !== 2) return;
      delete hooks.before;
      const elevated = await sessions.elevate(sid);
      if (elevated !== undefined) await rotate(elevated);
    };
    await see(second);
    expect(await auth()).toMatchObject({ generation: 1, acknowledged: false });
  });
});

describe('acknowledging by a token whose claims are trusted', () => {
  it('asks once for a session that has ended', async () => {
    const { inner, sid, clock, calls, second, see } = await arrangeRotated('signed');
    await inner.remove(sid, { notAfter: clock.now(), operation: 'ends' });
    await see(second);
    await see(second);
    expect(calls).toEqual(['load']);
  });

  it('asks no more once it has succeeded', async () => {
    const { calls, second, see } = await arrangeRotated('signed');
    await see(second);
    await see(second);
    expect(calls).toEqual(['load', 'replaceAuth']);
  });

  it('is tried again after the store has failed', async () => {
    const { hooks, second, see, auth } = await arrangeRotated('signed');
    hooks.before = () => Promise.reject(new Error('the store is down'));
    await see(second);
    delete hooks.before;
    expect(await auth()).toMatchObject({ acknowledged: false });
    await see(second);
    expect(await auth()).toMatchObject({ acknowledged: true });
  });

  it('writes nothing where another process has settled already', async () => {
    const { make, store, calls, second, see } = await arrangeRotated('signed');
    await see(second);
    expect(calls).toEqual(['load', 'replaceAuth']);
    const other = make(store);
    await see(second, other);
    await see(second, other);
    expect(calls).toEqual(['load', 'replaceAuth', 'load']);
  });

  it('is tried again after another write came first', async () => {
    const { hooks, inner, clock, sid, second, see, auth } = await arrangeRotated('signed');
    hooks.before = async (operation) => {
      if (operation !== 'replaceAuth') return;
      delete hooks.before;
      const { record } = await inner.load(sid);
      if (record === undefined) return;
      const marked = { ...record.auth, replayed: true };
      const write = { notAfter: clock.now(), operation: 'marks' };
      await inner.replaceAuth(sid, record.authVersion, marked, write);
    };
    await see(second);
    expect(await auth()).toMatchObject({ replayed: true, acknowledged: false });
    await see(second);
    expect(await auth()).toMatchObject({ replayed: true, acknowledged: true });
  });

  it('is tried again when the session was just being settled by an earlier token', async () => {
    const { hooks, sessions, second, rotate, see, auth } = await arrangeRotated('signed');
    let goOn: () => void = () => {};
    hooks.before = () => {
      delete hooks.before;
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    };
    await sessions.verify(second.accessToken);
    const third = await rotate(second);
    await see(third);
    goOn();
    await settle();
    expect(await auth()).toMatchObject({ generation: 2, acknowledged: false });
    await see(third);
    expect(await auth()).toMatchObject({ generation: 2, acknowledged: true });
  });
});

/** Settling on a store that shows one record, and counts. */
function arrangeAlone(auth: Partial<AuthPart> = {}) {
  const record = createRecord({ now: 0, auth });
  const calls = { loads: 0, writes: 0 };
  const store = {
    load: async () => {
      calls.loads += 1;
      return { record, now: 0 };
    },
    replaceAuth: async () => {
      calls.writes += 1;
      return { status: 'replaced', now: 0 };
    },
  } as unknown as StorePort;
  return { calls, settling: createAcknowledger(store, 100) };
}

describe('what is remembered of tokens that were seen', () => {
  it('is bounded: with one more than the limit, the oldest that was not used again is forgotten', async () => {
    const { calls, settling } = arrangeAlone();
    const see = async (number: number) => {
      settling.acknowledgeUnread(`sid ${number}`, `digest ${number}`);
      await Promise.resolve();
    };
    for (let number = 1; number <= 100; number += 1) await see(number);
    await settle();
    await see(1);
    expect(calls.loads).toBe(100);
    await see(101);
    await settle();
    // The first one was used since, so the second one had to go.
    await see(1);
    expect(calls.loads).toBe(101);
    await see(2);
    expect(calls.loads).toBe(102);
  });

  it('asks for no session that is acknowledged already', async () => {
    const { calls, settling } = arrangeAlone();
    const record = createRecord({ now: 0, auth: { acknowledged: true } });
    settling.acknowledgeLatest(record);
    settling.acknowledge(record, record.auth.access.length - 1);
    await settle();
    expect(calls.loads).toBe(0);
  });

  it('does not take a token for the newest that the session has forgotten', async () => {
    const entry = { digest: createAuth(0).refresh, expiresAt: 1 };
    const access = Array.from({ length: 8 }, () => entry);
    const { calls, settling } = arrangeAlone({ access, accessCount: 8 });
    settling.acknowledgeUnread('sid', 'forgotten');
    await settle();
    expect(calls).toEqual({ loads: 1, writes: 0 });
  });
});
