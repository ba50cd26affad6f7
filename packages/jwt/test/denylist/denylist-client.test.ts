import { StoreUnavailableError, UsageError } from '@sess/core';
import { createEvents, createRandomBytes } from '@sess/core/internal';
import type { Denylist } from '@sess/core/store';
import { createFakeClock, createMemoryLogger, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import {
  createDenylistClient,
  type DenylistClient,
  type DenylistClientContext,
} from '../../src/denylist/denylist-client.js';
import { memoryDenylist } from '../../src/index.js';

const TAG = tagFor('ada');
const TOKEN = { sid: `${TAG}${'A'.repeat(16)}`, jti: 'jti', version: 1 };

/** A port in front of a denylist of which some methods are replaced; timers run out when they are told to. */
function arrange(broken: Partial<Denylist>, more: Partial<DenylistClientContext> = {}) {
  const timers: { readonly callback: () => void; readonly milliseconds: number }[] = [];
  const clock = {
    ...createFakeClock(),
    startTimer(callback: () => void, milliseconds: number) {
      timers.push({ callback, milliseconds });
      return () => {};
    },
  };
  const events = createEvents(silentLogger);
  const failures: string[] = [];
  events.on('store-error', ({ operation }) => void failures.push(operation));
  const port = createDenylistClient({
    denylist: { ...memoryDenylist({ clock }), ...broken },
    onError: 'fail',
    maxTtlMs: 900_000,
    clock,
    random: createRandomBytes(),
    events,
    logger: silentLogger,
    ...more,
  });
  return { port, failures, timers };
}

const down = () => Promise.reject(new Error('the denylist is down'));
const misused = () => Promise.reject(new UsageError('invalid_option', 'evicts keys'));

type Call = readonly [string, (port: DenylistClient) => Promise<unknown>];
const CALLS: readonly Call[] = [
  ['currentVersion', (port) => port.currentVersion(TAG)],
  ['isDenied', (port) => port.isDenied(TOKEN, 0)],
  ['deny', (port) => port.deny(TAG, [{ kind: 'token', id: 'jti' }])],
  ['denyAll', (port) => port.denyAll(TAG)],
  ['supersede', (port) => port.supersede(TOKEN, { at: 0, successor: 'next' })],
  ['ready', (port) => port.ready()],
];

describe('the port of a denylist', () => {
  it.each(CALLS)(
    'the denylist client throws one error for every fault, and reports it: %s',
    async (operation, call) => {
      const { port, failures } = arrange({ [operation]: down });
      await expect(call(port)).rejects.toThrow(StoreUnavailableError);
      await expect(call(port)).rejects.toThrow(`The denylist failed at '${operation}'`);
      expect(failures).toEqual([operation, operation]);
    },
  );

  it.each(CALLS)(
    'gives up a call after the timeout of the denylist: %s',
    async (operation, call) => {
      const { port, timers } = arrange({ timeout: 200, [operation]: () => new Promise(() => {}) });
      const answer = call(port);
      expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([200]);
      timers[0]?.callback();
      await expect(answer).rejects.toThrow(
        `The denylist did not respond to '${operation}' within 200 ms.`,
      );
    },
  );

  it.each(CALLS)(
    'takes a mistake in the set-up for one at the start only: %s',
    async (operation, call) => {
      const { port } = arrange({ [operation]: misused });
      const expected = operation === 'ready' ? UsageError : StoreUnavailableError;
      await expect(call(port)).rejects.toThrow(expected);
    },
  );

  it.each(CALLS)(
    'accepts tokens at their word while it is down, and nothing else, where that was chosen: %s',
    async (operation, call) => {
      const { port, failures } = arrange({ [operation]: down }, { onError: 'accept' });
      if (operation === 'isDenied') expect(await call(port)).toBe(false);
      else await expect(call(port)).rejects.toThrow(StoreUnavailableError);
      expect(failures).toEqual([operation]);
    },
  );

  it('has everything kept a minute longer than a token can live', async () => {
    const lives: number[] = [];
    const { port } = arrange({
      currentVersion: async (_tag, ttlMs) => lives.push(ttlMs),
      deny: async (_tag, _denials, ttlMs) => void lives.push(ttlMs),
      denyAll: async (_tag, { ttlMs }) => void lives.push(ttlMs),
      supersede: async (_token, { ttlMs }) => void lives.push(ttlMs),
    } as Partial<Denylist>);
    for (const [operation, call] of CALLS)
      if (operation !== 'isDenied' && operation !== 'ready') await call(port);
    expect(lives).toEqual([960_000, 960_000, 960_000, 960_000]);
  });

  it('the denylist client gives every denyAll a new operation, so that a retry differs from the next call', async () => {
    const seen: unknown[] = [];
    const { port } = arrange({ denyAll: async (_tag, options) => void seen.push(options) });
    await port.denyAll(TAG);
    await port.denyAll(TAG, 'spared');
    expect(seen).toStrictEqual([
      { ttlMs: 960_000, operation: expect.any(String) },
      { ttlMs: 960_000, operation: expect.any(String), except: 'spared' },
    ]);
    const names = seen.map((options) => (options as { operation: string }).operation);
    expect(new Set(names).size).toBe(2);
  });

  it('lends it the engine’s clock and logger before anything else, if it takes them', () => {
    const opened: unknown[] = [];
    const clock = createFakeClock();
    const logger = createMemoryLogger();
    arrange({ open: (lent) => void opened.push(lent) }, { clock, logger });
    expect(opened).toEqual([{ clock, logger }]);
    const { open: _open, ...selfless } = memoryDenylist();
    expect(() => arrange({}, { denylist: selfless })).not.toThrow();
  });

  it('does not write what is nothing', async () => {
    const { port, failures } = arrange({ deny: down });
    await port.deny(TAG, []);
    expect(failures).toEqual([]);
  });

  it('knows a token to be valid only if the denylist returns true', () => {
    const results = [true, false, undefined, 'yes'].map((result) =>
      arrange({ isKnownValid: () => result as boolean }).port.isKnownValid(TOKEN, 0),
    );
    expect(results).toEqual([true, false, false, false]);
    const { isKnownValid: _isKnownValid, ...blind } = memoryDenylist();
    expect(arrange({}, { denylist: blind }).port.isKnownValid(TOKEN, 0)).toBe(false);
  });
});
