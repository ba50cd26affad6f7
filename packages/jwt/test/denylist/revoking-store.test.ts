import { type StorePort, tagOf } from '@sess/core/internal';
import { describe, expect, it } from 'vitest';
import { createAuth, createRecord } from '../../../../test/kit.js';
import type { DenylistClient } from '../../src/denylist/denylist-client.js';
import { createRevokingStore } from '../../src/denylist/revoking-store.js';

const NOW = 1_000_000;
const record = createRecord({ now: NOW });
const { sid } = record;
const tag = tagOf(sid);

/** Both ports as a list of what was asked of them, in order. */
function arrange(
  answers: Partial<Record<keyof StorePort, unknown>> = {},
  failing?: string,
  leeway = 0,
) {
  const calls: unknown[][] = [];
  const port = (names: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(
      names.map((name) => [
        name,
        async (...parameters: unknown[]) => {
          calls.push([name, ...parameters]);
          if (name === failing) throw new Error(`${name} failed`);
          const answer = answers[name as keyof StorePort];
          if (typeof answer === 'function') return answer();
          return answer ?? { status: 'removed', now: NOW };
        },
      ]),
    );
  const inner = port([
    'insert',
    'list',
    'replaceAuth',
    'replaceData',
    'remove',
    'removeAll',
    'ready',
  ]);
  const denylist = port(['deny', 'denyAll']) as unknown as DenylistClient;
  const ready = async () => void calls.push(['denylist ready']);
  const store = createRevokingStore(inner as unknown as StorePort, { ...denylist, ready }, leeway);
  return { store, calls, names: () => calls.map(([name]) => name) };
}

const [first, second] = record.auth.access;
if (first === undefined || second === undefined) throw new Error('a record has two tokens');

describe('a store that denies the tokens of what it ends', () => {
  it('denies a session before it is removed, with every token that it may have', async () => {
    const { store, calls } = arrange();
    await store.remove(sid);
    expect(calls).toEqual([
      ['deny', tag, [{ kind: 'session', id: sid }]],
      ['remove', sid, undefined],
    ]);
  });

  it('denies of a session judged by its record what the record shows, and all of it once it is removed', async () => {
    const { store, calls } = arrange();
    await store.remove(sid, record);
    expect(calls).toEqual([
      [
        'deny',
        tag,
        [
          { kind: 'token', id: first.digest },
          { kind: 'token', id: second.digest },
        ],
      ],
      ['remove', sid, record],
      ['deny', tag, [{ kind: 'session', id: sid }]],
    ]);
  });

  it.each(['conflict', 'absent'])(
    'leaves the rest of a session alone that was not removed after all: %s',
    async (status) => {
      const { store, names } = arrange({ remove: { status, record, now: NOW } });
      expect(await store.remove(sid, record)).toMatchObject({ status });
      expect(names()).toEqual(['deny', 'remove']);
    },
  );

  it('removes nothing while it cannot deny', async () => {
    const { store, names } = arrange({}, 'deny');
    await expect(store.remove(sid)).rejects.toThrow('deny failed');
    expect(names()).toEqual(['deny']);
  });

  it('the revoking store denies tokens that the next state omits, and shortened ones from their new end', async () => {
    const { store, calls } = arrange();
    const next = { ...createAuth(NOW), access: [{ ...second, expiresAt: second.expiresAt - 5 }] };
    await store.replaceAuth(record, next, 4);
    expect(calls).toEqual([
      [
        'deny',
        tag,
        [
          { kind: 'token', id: first.digest },
          { kind: 'token', id: second.digest, from: second.expiresAt - 5 },
        ],
      ],
      ['replaceAuth', record, next, 4],
    ]);
  });

  it('denies nothing of a state that leaves tokens their time, or gives them more', async () => {
    const { store, calls } = arrange();
    const access = [first, { ...second, expiresAt: second.expiresAt + 5 }];
    await store.replaceAuth(record, { ...record.auth, access });
    expect(calls[0]).toEqual(['deny', tag, []]);
  });

  it('leaves out what has run out, leeway and the rounding of seconds included', async () => {
    const { store, calls } = arrange({}, undefined, 5_000);
    const ended = { ...first, expiresAt: NOW - 6_000 };
    const accepted = { ...second, expiresAt: NOW - 5_999 };
    const before = { ...record, auth: { ...record.auth, access: [ended, accepted] } };
    await store.replaceAuth(before, { ...createAuth(NOW), lastUsedAt: NOW });
    expect(calls[0]).toEqual(['deny', tag, [{ kind: 'token', id: second.digest }]]);
  });

  it('ends those whom a sign-in evicts before it, each denied before it is removed', async () => {
    const statuses = ['limit', 'inserted'];
    const younger = createRecord({ now: NOW + 1 });
    const { store, calls, names } = arrange({
      insert: () => ({ status: statuses.shift(), evicted: [], now: NOW }),
      list: { records: [record, younger], now: NOW },
    });
    const limit = { max: 2, onLimit: 'evict-oldest' } as const;
    expect(await store.insert(createRecord({ now: NOW + 2 }), limit)).toMatchObject({
      status: 'inserted',
      evicted: [sid],
    });
    expect(names()).toEqual(['insert', 'list', 'deny', 'remove', 'deny', 'insert', 'deny']);
    expect(calls[6]).toEqual(['deny', tag, []]);
    expect(calls[3]).toEqual(['remove', sid, record]);
  });

  it('adds nothing while it cannot deny whom that would evict', async () => {
    const answers = { insert: { status: 'limit' }, list: { records: [record], now: NOW } };
    const { store, names } = arrange(answers, 'deny');
    const sign = store.insert(createRecord({ now: NOW }), { max: 1, onLimit: 'evict-oldest' });
    await expect(sign).rejects.toThrow('deny failed');
    expect(names()).toEqual(['insert', 'list', 'deny']);
  });

  it('denies also whom the store evicts as another sign-in has taken the room that was made', async () => {
    const answers = [
      { status: 'limit', now: NOW },
      { status: 'inserted', evicted: ['one', 'two'], now: NOW },
    ];
    const { store, calls } = arrange({
      insert: () => answers.shift(),
      list: { records: [record], now: NOW },
    });
    const limit = { max: 1, onLimit: 'evict-oldest' } as const;
    expect(await store.insert(createRecord({ now: NOW }), limit)).toMatchObject({
      evicted: [sid, 'one', 'two'],
    });
    expect(calls.at(-2)).toEqual(['insert', expect.anything(), limit, undefined]);
    expect(calls.at(-1)).toEqual([
      'deny',
      tag,
      [
        { kind: 'session', id: 'one' },
        { kind: 'session', id: 'two' },
      ],
    ]);
  });

  it('the revoking store denies no further session when the sign-in that it evicted for is refused', async () => {
    const fenced = { status: 'revoked', revokedBefore: NOW, now: NOW };
    const answers = [{ status: 'limit', now: NOW }, fenced];
    const { store, names } = arrange({
      insert: () => answers.shift(),
      list: { records: [record], now: NOW },
    });
    const sign = store.insert(createRecord({ now: NOW }), { max: 1, onLimit: 'evict-oldest' });
    expect(await sign).toEqual(fenced);
    expect(names()).toEqual(['insert', 'list', 'deny', 'remove', 'deny', 'insert']);
  });

  it.each(['revoked', 'limit'])(
    'the revoking store denies nothing for a sign-in that is refused: %s',
    async (status) => {
      const { store, names } = arrange({ insert: { status, now: NOW } });
      await store.insert(record, { max: 1, onLimit: 'reject' });
      expect(names()).toEqual(['insert']);
    },
  );

  it('removes all before it denies all, and then ends what signed in between the two', async () => {
    const between = createRecord({ now: NOW });
    const { store, calls } = arrange({
      removeAll: { status: 'removed', count: 3, now: NOW },
      list: { records: [record, between], now: NOW },
    });
    expect(await store.removeAll(tag, sid)).toMatchObject({ count: 4 });
    expect(calls).toEqual([
      ['removeAll', tag, sid],
      ['denyAll', tag, sid],
      ['list', tag],
      ['deny', tagOf(between.sid), [{ kind: 'session', id: between.sid }]],
      ['remove', between.sid, undefined],
    ]);
  });

  it('does not say that all are gone while their tokens are good', async () => {
    const { store } = arrange({}, 'denyAll');
    await expect(store.removeAll(tag, undefined)).rejects.toThrow('denyAll failed');
  });

  it('is ready when both are, and leaves data alone', async () => {
    const { store, names } = arrange();
    await store.ready();
    await store.replaceData(record, record.data);
    expect(names().sort()).toEqual(['denylist ready', 'ready', 'replaceData']);
  });
});
