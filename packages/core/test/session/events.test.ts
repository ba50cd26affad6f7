import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/events.js';
import { createEvents } from '../../src/session/events.js';
import type { Logger } from '../../src/util/logger.js';
import { refusalOf } from '../refusal.js';

const REUSE: SessionEvent['reuse'] = { sid: 'S', subject: 'user-1' };

function setUp() {
  const errors: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
  const unexpected = () => expect.unreachable('only errors are logged here') as never;
  const logger: Logger = {
    debug: unexpected,
    info: unexpected,
    warn: unexpected,
    error: (fields, message) => void errors.push({ fields, message }),
  };
  return { events: createEvents(logger), errors };
}

/** Long enough for rejections that are under way to be handled, or to be found unhandled. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('events', () => {
  it('reach the listeners of their name, in the order of registration, with what happened', () => {
    const { events } = setUp();
    const seen: unknown[] = [];
    events.on('reuse', (event) => void seen.push(['first', event]));
    events.on('reuse', (event) => void seen.push(['second', event]));
    events.on('revoked', () => void seen.push('never'));
    events.emit('reuse', REUSE);
    expect(seen).toEqual([
      ['first', REUSE],
      ['second', REUSE],
    ]);
  });

  it('events without a listener have no effect', () => {
    const { events, errors } = setUp();
    expect(() => events.emit('reuse', REUSE)).not.toThrow();
    events.on('reuse', () => {})();
    expect(() => events.emit('reuse', REUSE)).not.toThrow();
    expect(errors).toEqual([]);
  });

  it('stop reaching a listener once it has been stopped, and stopping twice changes nothing', () => {
    const { events } = setUp();
    const calls: unknown[] = [];
    const stop = events.on('reuse', (event) => void calls.push(event));
    events.emit('reuse', REUSE);
    stop();
    stop();
    events.emit('reuse', REUSE);
    expect(calls).toHaveLength(1);
  });

  it('reach a function registered twice twice, and each registration is stopped by itself', () => {
    const { events } = setUp();
    const calls: unknown[] = [];
    const listener = (event: unknown) => void calls.push(event);
    const stopFirst = events.on('reuse', listener);
    events.on('reuse', listener);
    events.emit('reuse', REUSE);
    expect(calls).toHaveLength(2);
    stopFirst();
    events.emit('reuse', REUSE);
    expect(calls).toHaveLength(3);
  });

  it('an event does not reach a listener that is registered while it is emitted', () => {
    const { events } = setUp();
    const late: unknown[] = [];
    events.on('reuse', () => void events.on('reuse', (event) => void late.push(event)));
    events.emit('reuse', REUSE);
    expect(late).toEqual([]);
    events.emit('reuse', REUSE);
    expect(late).toHaveLength(1);
  });

  it('an event reaches every other listener when one removes itself while it is emitted', () => {
    const { events } = setUp();
    const seen: string[] = [];
    const stop = events.on('reuse', () => {
      seen.push('once');
      stop();
    });
    events.on('reuse', () => void seen.push('always'));
    events.emit('reuse', REUSE);
    events.emit('reuse', REUSE);
    expect(seen).toEqual(['once', 'always', 'always']);
  });

  it('an event never fails its request: the error of a listener is logged, and the other listeners run', () => {
    const { events, errors } = setUp();
    const error = new Error('the audit log is full');
    const told: unknown[] = [];
    events.on('reuse', () => {
      throw error;
    });
    events.on('reuse', (event) => void told.push(event));
    expect(() => events.emit('reuse', REUSE)).not.toThrow();
    expect(told).toEqual([REUSE]);
    expect(errors).toEqual([
      { fields: { event: 'reuse', error }, message: 'a session event listener failed' },
    ]);
  });

  it('handle the rejection of an async listener [store.rejections]', async () => {
    const { events, errors } = setUp();
    const error = new Error('the mail server is down');
    events.on('reuse', async () => {
      throw error;
    });
    events.emit('reuse', REUSE);
    await settled();
    expect(errors).toEqual([
      { fields: { event: 'reuse', error }, message: 'a session event listener failed' },
    ]);
  });

  it('reach the subscribers of their channel, and are heard by them', () => {
    const { events } = setUp();
    const seen: unknown[] = [];
    const keep = (event: unknown) => void seen.push(event);
    expect(events.isHeard('reuse')).toBe(false);
    subscribe('sess:reuse', keep);
    expect(events.isHeard('reuse')).toBe(true);
    expect(events.isHeard('revoked')).toBe(false);
    events.emit('reuse', REUSE);
    unsubscribe('sess:reuse', keep);
    events.emit('reuse', REUSE);
    expect(seen).toEqual([REUSE]);
  });

  it('cannot be listened to under a name that there is not', () => {
    const { events } = setUp();
    const refused = refusalOf(() => events.on('revoke' as never, () => {}));
    expect(refused.code).toBe('invalid_argument');
    expect(refused.message).toContain("'revoke'");
    expect(refused.message).toContain('revoked');
  });

  it.each([undefined, null, {}, 'log'])('cannot be listened to by %j', (listener) => {
    const { events } = setUp();
    expect(refusalOf(() => events.on('reuse', listener as never)).code).toBe('invalid_argument');
  });
});
