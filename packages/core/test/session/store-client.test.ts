import { memoryStore, StoreUnavailableError } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createRecord, tagFor } from '../../../../test/kit.js';
import { createEvents } from '../../src/session/events.js';
import { createStoreClient, createStoreTime } from '../../src/session/store-client.js';
import { createRandomBytes } from '../../src/token/crypto.js';

const LIMIT = { max: 9, onLimit: 'evict-oldest' } as const;

/** A port in front of a memory store of which some methods are replaced; the store's clock is a minute ahead. */
function arrange(replaced: Partial<SessionStore> = {}) {
  const clock = createFakeClock();
  const storeClock = { now: () => clock.now() + 60_000 };
  const logger = createMemoryLogger();
  const events = createEvents(logger);
  const told: [string, unknown][] = [];
  for (const name of ['unconfirmed', 'store-error'] as const)
    events.on(name, (event) => void told.push([name, event]));
  const time = createStoreTime(clock);
  const store = { ...memoryStore({ clock: storeClock }), ...replaced };
  const random = createRandomBytes();
  const port = createStoreClient({ store, clock, time, random, events, logger });
  return { clock, logger, told, time, port, record: createRecord({ now: storeClock.now() }) };
}

describe('reads', () => {
  it('show the store’s time, which is guessed from then on', async () => {
    const { port, time, clock, record } = arrange();
    expect(time.now()).toBe(clock.now());
    expect(await port.load(record.sid)).toEqual({ record: undefined, now: clock.now() + 60_000 });
    clock.advance('5s');
    expect(time.now()).toBe(clock.now() + 60_000);
  });

  it('of a subject’s sessions show it too', async () => {
    const { port, time, clock } = arrange();
    expect(await port.list(tagFor('ada'))).toEqual({ records: [], now: clock.now() + 60_000 });
    expect(time.now()).toBe(clock.now() + 60_000);
  });

  it('cached reads return no record before the time of the store is known: it could be expired', async () => {
    const { port, record } = arrange({ getCached: () => record });
    expect(port.getCached(record.sid)).toBeUndefined();
    await port.sampleTime(record.sid);
    expect(port.getCached(record.sid)).toBe(record);
  });

  it('cached reads return no record where the store has no cache', async () => {
    const { getCached: _, ...blind } = memoryStore();
    const { port, record } = arrange({ ...blind, getCached: undefined as never });
    await port.load(record.sid);
    expect(port.getCached(record.sid)).toBeUndefined();
  });

  it('sample the store’s time once, and not again', async () => {
    let loads = 0;
    const load = async () => {
      loads += 1;
      return { record: undefined, now: loads };
    };
    const { port, record } = arrange({ load });
    await port.sampleTime(record.sid);
    await port.sampleTime(record.sid);
    expect(loads).toBe(1);
  });
});

describe('the time of the store', () => {
  it('is sampled again after the local clock was set back by more than a second', async () => {
    let local = 100_000;
    let loads = 0;
    const time = createStoreTime({ now: () => local });
    const logger = createMemoryLogger();
    const port = createStoreClient({
      store: {
        ...memoryStore(),
        load: async () => {
          loads += 1;
          return { record: undefined, now: 500_000 };
        },
      },
      clock: { now: () => local },
      time,
      random: createRandomBytes(),
      events: createEvents(logger),
      logger,
    });
    await port.sampleTime('sid');
    local -= 1_000;
    await port.sampleTime('sid');
    expect(loads).toBe(1);
    local -= 1_001;
    await port.sampleTime('sid');
    expect(loads).toBe(2);
  });

  it('is refused if it is no time, and a failure is reported as one of a load', async () => {
    const wrong = arrange({ load: async () => ({ record: undefined, now: Number.NaN }) });
    await expect(wrong.port.sampleTime('sid')).rejects.toThrow(StoreUnavailableError);
    const down = arrange({ load: () => Promise.reject(new Error('down')) });
    await expect(down.port.sampleTime('sid')).rejects.toThrow("failed at 'load'");
  });
});

describe('what the port shows of its store', () => {
  it.each([
    [true, true],
    [false, false],
    [undefined, false],
  ])('isLocal %s is %s', (isLocal, expected) => {
    expect(arrange({ isLocal } as Partial<SessionStore>).port.isLocal).toBe(expected);
  });

  it('a record that is absent from a read without the time is no failure', async () => {
    const { port, record, told } = arrange({ loadRecord: async () => undefined });
    await port.load(record.sid);
    expect(await port.loadRecord(record.sid)).toBeUndefined();
    expect(told).toEqual([]);
  });
});

describe('faults', () => {
  const down = () => Promise.reject(new Error('down'));
  const calls = {
    load: ({ port, record }) => port.load(record.sid),
    loadRecord: ({ port, record }) => port.load(record.sid).then(() => port.loadRecord(record.sid)),
    list: ({ port }) => port.list(tagFor('ada')),
    insert: ({ port, record }) => port.insert(record, LIMIT),
    replaceAuth: ({ port, record }) => port.replaceAuth(record, record.auth),
    replaceData: ({ port, record }) => port.replaceData(record, record.data),
    remove: ({ port, record }) => port.remove(record.sid),
    removeAll: ({ port }) => port.removeAll(tagFor('ada'), undefined),
    ready: ({ port }) => port.ready(),
  } satisfies Record<string, (arranged: ReturnType<typeof arrange>) => Promise<unknown>>;

  it.each(Object.entries(calls))(
    'faults are reported with the name of the call: %s',
    async (method, call) => {
      const arranged = arrange({ [method]: down });
      // A read is a load that asks for less.
      const operation = method === 'loadRecord' ? 'load' : method;
      await expect(call(arranged)).rejects.toThrow(`The session store failed at '${operation}'.`);
      expect(arranged.told).toEqual([
        ['store-error', { operation, error: expect.objectContaining({ message: 'down' }) }],
      ]);
    },
  );
});

describe('writes', () => {
  it('must be done within the store’s timeout, in the store’s time', async () => {
    const deadlines: number[] = [];
    const { port, clock, record } = arrange({
      timeout: 700,
      insert: async (_record, _limit, { notAfter }) => {
        deadlines.push(notAfter);
        return { status: 'inserted', evicted: [], now: clock.now() + 60_000 };
      },
    });
    await port.sampleTime(record.sid);
    await port.insert(record, LIMIT);
    expect(deadlines).toEqual([clock.now() + 60_700]);
  });

  it('have a name of their own each, of 96 random bits', async () => {
    const names: string[] = [];
    const { port, record } = arrange({
      replaceData: async (_sid, _version, _data, { operation }) => {
        names.push(operation);
        return { status: 'replaced', now: 0 };
      },
    });
    await port.replaceData(record, record.data);
    await port.replaceData(record, record.data);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[\w-]{16}$/);
  });

  it('that came late by a clock that was set are sent once more, under the same name and the new time', async () => {
    const writes: { notAfter: number; operation: string }[] = [];
    const { port, told, record } = arrange({
      timeout: 500,
      removeAll: async (_tag, _except, write) => {
        writes.push(write);
        return writes.length === 1
          ? { status: 'late', now: 9_000_000 }
          : { status: 'removed', count: 2, now: 9_000_000 };
      },
    });
    expect(await port.removeAll(tagFor('ada'), record.sid)).toMatchObject({ count: 2 });
    expect(writes[1]).toEqual({ notAfter: 9_000_500, operation: writes[0]?.operation });
    expect(told).toEqual([]);
  });

  it('a write that is late twice is reported and thrown like any other fault', async () => {
    const { port, told, record } = arrange({
      replaceAuth: async () => ({ status: 'late', now: 9_000_000 }),
    });
    const error = await port.replaceAuth(record, record.auth).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(told).toEqual([['store-error', { operation: 'replaceAuth', error }]]);
  });

  it('a write that the replicas did not confirm is reported, and stands', async () => {
    const { port, told, logger, record } = arrange({
      remove: async () => ({ status: 'removed', now: 0, confirmed: false }),
    });
    expect(await port.remove(record.sid)).toMatchObject({ status: 'removed' });
    expect(told).toEqual([['unconfirmed', { operation: 'remove' }]]);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { operation: 'remove' } }]);
  });

  it.each([true, undefined])('a confirmed write is not reported: %s', async (confirmed) => {
    const { port, told, record } = arrange({
      remove: async () => ({
        status: 'removed',
        now: 0,
        ...(confirmed === undefined ? {} : { confirmed }),
      }),
    });
    await port.remove(record.sid);
    expect(told).toEqual([]);
  });

  it('say which versions they are about, and what they mark as shared', async () => {
    const seen: unknown[][] = [];
    const replaced = { status: 'replaced', now: 0 } as const;
    const { port, record } = arrange({
      replaceAuth: async (sid, version, auth, _write, shares) => {
        seen.push([sid, version, auth, shares]);
        return replaced;
      },
      replaceData: async (sid, version, data) => {
        seen.push([sid, version, data]);
        return replaced;
      },
      remove: async (sid, _write, version) => {
        seen.push([sid, version]);
        return { status: 'removed', now: 0 };
      },
    });
    const later = { ...record, authVersion: 4, dataVersion: 7 };
    await port.replaceAuth(later, later.auth, 5);
    await port.replaceData(later, later.data);
    await port.remove(later.sid, later);
    await port.remove(later.sid);
    expect(seen).toEqual([
      [record.sid, 4, record.auth, 5],
      [record.sid, 7, record.data],
      [record.sid, 4],
      [record.sid, undefined],
    ]);
  });

  it('that remove have seen the store’s time before: their deadline would be a guess', async () => {
    let deadline = 0;
    const { port, clock, record } = arrange({
      timeout: 100,
      remove: async (_sid, { notAfter }) => {
        deadline = notAfter;
        return { status: 'absent', now: notAfter };
      },
    });
    await port.remove(record.sid);
    expect(deadline).toBe(clock.now() + 60_100);
  });
});
