import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTask } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memoryStore, type SessionEvent, type SessionsOptions } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEvents } from '../src/session/events.js';
import { arrange } from './session/arrange.js';

const NAMES = [
  'created',
  'refreshed',
  'revoked',
  'reuse',
  'rejected',
  'unconfirmed',
  'store-error',
  'store-call',
] as const satisfies readonly (keyof SessionEvent)[];

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Subscribes to channels until the test is over; answers what they have published so far. */
function record(...names: (keyof SessionEvent)[]): [string, unknown][] {
  const messages: [string, unknown][] = [];
  for (const name of names) {
    const listen = (message: unknown) => void messages.push([name, message]);
    subscribe(`sess:${name}`, listen);
    stops.push(() => void unsubscribe(`sess:${name}`, listen));
  }
  return messages;
}

describe('the channels of node:diagnostics_channel', () => {
  it('carry the events of an engine, each under its own name, beside the listeners', async () => {
    const messages = record(
      'created',
      'refreshed',
      'revoked',
      'reuse',
      'rejected',
      'unconfirmed',
      'store-error',
    );
    const { sessions, faulty, events, clock } = arrange();
    const { refreshToken, accessToken } = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(refreshToken);
    if (!second.ok) expect.unreachable();
    await sessions.verify(second.accessToken);
    await sessions.refresh(second.refreshToken);
    clock.advance('5m');
    await sessions.refresh(refreshToken);
    await sessions.verify(accessToken);
    await sessions.create({ subject: 'bea' });
    await sessions.revokeAll('bea');
    faulty.fail('load');
    await expect(sessions.verify(accessToken)).rejects.toThrow();
    const told = new Set(messages.map(([name]) => name));
    expect(told).toEqual(
      new Set(['created', 'refreshed', 'reuse', 'revoked', 'rejected', 'store-error']),
    );
    expect(messages).toEqual(events);
  });

  it.each(NAMES)(
    'diagnostics channels publish the fields of the event and nothing else: %s',
    (name) => {
      const messages = record(...NAMES);
      const event = { operation: 'insert' };
      createEvents(silentLogger).emit(name, event as never);
      expect(messages).toEqual([[name, event]]);
      expect(messages[0]?.[1]).toBe(event);
    },
  );

  it('hold no token [logs.published]', async () => {
    const messages = record(...NAMES);
    const { sessions, faulty } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) expect.unreachable();
    await sessions.verify(`${second.accessToken}x`);
    await sessions.elevate(second.session.sid);
    await sessions.verify(second.accessToken);
    await sessions.end({ refreshToken: second.refreshToken });
    faulty.fail('load');
    await expect(sessions.refresh(second.refreshToken)).rejects.toThrow();
    const text = JSON.stringify(messages);
    for (const { accessToken, refreshToken } of [first, second]) {
      for (const token of [accessToken, refreshToken]) {
        expect(text).not.toContain(token.slice(-20));
      }
    }
    expect(messages.length).toBeGreaterThan(8);
  });

  it('a subscriber of a diagnostics channel stays while an earlier engine is garbage-collected', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc');
    (() => createEvents(silentLogger))();
    await nextTask();
    collect();
    const messages = record('created');
    await nextTask();
    createEvents(silentLogger).emit('created', { sid: 'S', subject: 'ada' });
    expect(messages).toHaveLength(1);
  });

  it('diagnostics channels are left out where the module does not exist', async () => {
    vi.doMock('node:diagnostics_channel', () => ({ channel: undefined }));
    vi.resetModules();
    stops.push(() => {
      vi.doUnmock('node:diagnostics_channel');
      // The files of the unit tests share loaded modules: the next one must not get the module without channels.
      vi.resetModules();
    });
    const messages = record('reuse');
    const own = await import('../src/session/events.js');
    const events = own.createEvents(silentLogger);
    const heard: unknown[] = [];
    events.on('reuse', (event) => void heard.push(event));
    events.emit('reuse', { sid: 'S', subject: 'ada' });
    expect(heard).toHaveLength(1);
    expect(messages).toEqual([]);
    expect(events.isHeard('reuse')).toBe(true);
    expect(events.isHeard('revoked')).toBe(false);
  });
});

/** A memory store whose reads take until something has been done. */
function slowStore(meanwhile: () => void): SessionStore {
  const inner = memoryStore();
  return {
    ...inner,
    async load(sid) {
      const loaded = await inner.load(sid);
      meanwhile();
      return loaded;
    },
  };
}

describe('calls to the store', () => {
  it('calls to the store are published with their duration, by the clock of the engine', async () => {
    const clock = createFakeClock();
    const { sessions, calls } = listen({ clock, store: slowStore(() => clock.advance('40ms')) });
    await sessions.create({ subject: 'ada' });
    expect(calls).toEqual([
      { operation: 'load', duration: 40, ok: true },
      { operation: 'insert', duration: 0, ok: true },
    ]);
  });

  it('failed calls to the store are published, too', async () => {
    const { sessions, calls, faulty } = listen();
    faulty.fail('list');
    await expect(sessions.list('ada')).rejects.toThrow();
    expect(calls).toEqual([{ operation: 'list', duration: 0, ok: false }]);
  });

  it('never take less than nothing, also where the time of day is set back', async () => {
    const clock = createFakeClock();
    const { sessions, calls } = listen({ clock, store: slowStore(() => clock.set(0)) });
    await sessions.get('A'.repeat(32));
    expect(calls).toEqual([{ operation: 'load', duration: 0, ok: true }]);
  });

  it('are measured by what never goes back, where the clock has it', async () => {
    let elapsed = 7;
    const clock = { ...createFakeClock(), elapsed: () => elapsed };
    const store = slowStore(() => {
      elapsed = 7.25;
    });
    const { sessions, calls } = listen({ clock, store });
    await sessions.get('A'.repeat(32));
    expect(calls).toEqual([{ operation: 'load', duration: 0.25, ok: true }]);
  });

  it('calls to the store are not measured without a listener', async () => {
    const elapsed = vi.fn(() => 0);
    const { sessions } = arrange({ clock: { ...createFakeClock(), elapsed } });
    await sessions.ready();
    const stop = sessions.on('store-call', () => {});
    stop();
    await sessions.ready();
    expect(elapsed).not.toHaveBeenCalled();
    record('store-call');
    await sessions.ready();
    expect(elapsed).toHaveBeenCalledTimes(2);
  });

  it('calls to the store return their result although a listener throws', async () => {
    const { sessions } = arrange();
    sessions.on('store-call', () => {
      throw new Error('the gauge is broken');
    });
    await expect(sessions.create({ subject: 'ada' })).resolves.toBeDefined();
    await expect(sessions.ready()).resolves.toBeUndefined();
  });
});

/** An engine, and the calls to its store that it has told of. */
function listen(options: SessionsOptions = {}) {
  const arranged = arrange(options);
  const calls: SessionEvent['store-call'][] = [];
  arranged.sessions.on('store-call', (event) => void calls.push(event));
  return { ...arranged, calls };
}
