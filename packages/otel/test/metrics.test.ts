import { metrics as api } from '@opentelemetry/api';
import { memoryStore } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { instrument } from '@sess/otel';
import { createFakeClock } from '@sess/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { makeEngine } from '../../../test/token-modes.js';
import { arrange } from './instrument.js';
import { createRecording } from './recording.js';

describe('recordEvents', () => {
  it('counts the events of sessions', async () => {
    const { sessions, clock, counts } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    await sessions.refresh(first.refreshToken);
    if (!second.ok) expect.unreachable();
    await sessions.verify(second.accessToken);
    clock.advance('5m');
    await sessions.refresh(first.refreshToken);
    await sessions.verify('x');
    await sessions.verify(second.accessToken);
    for (const _ of [1, 2, 3]) await sessions.create({ subject: 'bea' });
    await sessions.revokeAll('bea');

    expect(await counts('sess.sessions.created')).toEqual([[{}, 4]]);
    expect(await counts('sess.sessions.refreshed')).toEqual([
      [{ 'sess.replayed': false }, 1],
      [{ 'sess.replayed': true }, 1],
    ]);
    expect(await counts('sess.sessions.revoked')).toEqual([
      [{ 'sess.cause': 'reuse' }, 1],
      [{ 'sess.cause': 'revoke-all' }, 3],
    ]);
    expect(await counts('sess.reuse')).toEqual([[{}, 1]]);
    expect(await counts('sess.rejected')).toEqual([
      [{ 'sess.token': 'refresh', 'sess.reason': 'reused' }, 1],
      [{ 'sess.token': 'access', 'sess.reason': 'malformed' }, 1],
      [{ 'sess.token': 'access', 'sess.reason': 'unknown' }, 1],
    ]);
    expect(await counts('sess.store.errors')).toEqual([]);
  });

  it('counts calls of the original engine too', async () => {
    const { engine, counts } = arrange();
    await engine.create({ subject: 'ada' });
    expect(await counts('sess.sessions.created')).toEqual([[{}, 1]]);
  });

  it('counts failing stores and replicas that do not confirm', async () => {
    const { sessions, faulty, counts } = arrange();
    await sessions.create({ subject: 'ada' });
    faulty.fail('list');
    await expect(sessions.list('ada')).rejects.toThrow();
    await expect(sessions.list('ada')).rejects.toThrow();
    expect(await counts('sess.store.errors')).toEqual([[{ 'sess.operation': 'list' }, 2]]);

    const { store } = faulty;
    const unsure = arrange({
      store: {
        ...store,
        insert: async (record, limit, write) => ({
          ...(await store.insert(record, limit, write)),
          confirmed: false,
        }),
      },
    });
    await unsure.sessions.create({ subject: 'ada' });
    expect(await unsure.counts('sess.store.unconfirmed')).toEqual([
      [{ 'sess.operation': 'insert' }, 1],
    ]);
  });
});

describe('the latency of the store', () => {
  it('records the duration of store calls in seconds, by operation and failure', async () => {
    let elapsed = 0;
    let isDown = false;
    const clock = { ...createFakeClock(), elapsed: () => elapsed };
    const store: SessionStore = {
      ...memoryStore(),
      async ready() {
        elapsed += 1.5;
        if (isDown) throw new Error('down');
      },
    };
    const { sessions, histogram } = arrange({ clock, store });
    await sessions.ready();
    await sessions.ready();
    isDown = true;
    await expect(sessions.ready()).rejects.toThrow();
    const recorded = await histogram('sess.store.duration');
    expect(recorded.map(([attributes]) => attributes)).toEqual([
      { 'sess.operation': 'ready' },
      // The store's time is read once.
      { 'sess.operation': 'load' },
      { 'sess.operation': 'ready', 'error.type': 'store_unavailable' },
    ]);
    const value = recorded[0]?.[1];
    expect(value?.count).toBe(2);
    expect(value?.sum).toBeCloseTo(0.003, 10);
    expect(value?.buckets.boundaries[0]).toBe(0.000_25);
    expect(value?.buckets.boundaries.at(-1)).toBe(10);
  });
});

describe('the metrics', () => {
  afterEach(() => api.disable());

  it('sets the unit of every instrument', async () => {
    const { sessions, metrics } = arrange();
    await sessions.create({ subject: 'ada' });
    const units = (await metrics()).map(({ descriptor }) => [descriptor.name, descriptor.unit]);
    expect(units).toEqual([
      ['sess.sessions.created', '{session}'],
      ['sess.store.duration', 's'],
    ]);
  });

  it('uses the global provider once it is registered', async () => {
    const sessions = instrument(await makeEngine('opaque'));
    await sessions.verify('x');
    const recording = createRecording();
    api.setGlobalMeterProvider(recording.meterProvider);
    await sessions.verify('x');
    expect(await recording.counts('sess.rejected')).toEqual([
      [{ 'sess.token': 'access', 'sess.reason': 'malformed' }, 1],
    ]);
  });
});
