import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { RegisteredData, StandardSchema } from '@sess/core';
import { instrument } from '@sess/otel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeEngine, TOKEN_MODES } from '../../../test/token-modes.js';
import { createTracing } from '../src/spans.js';
import { arrange } from './instrument.js';
import { createRecording } from './recording.js';

const ok = { 'sess.outcome': 'ok' };
const absent = { 'sess.outcome': 'absent' };
const rejected = (reason: string) => ({ 'sess.outcome': 'rejected', 'sess.reason': reason });
const failed = (type: string) => ({ 'sess.outcome': 'error', 'error.type': type });

describe('spans', () => {
  it('every operation has a span with its outcome', async () => {
    const { sessions, told } = arrange();
    const { accessToken, refreshToken, session } = await sessions.create({ subject: 'ada' });
    await sessions.verify(accessToken);
    await sessions.authenticate(`Bearer ${accessToken}`);
    await sessions.refresh(refreshToken);
    await sessions.update(session.sid, { theme: 'dark' });
    await sessions.elevate(session.sid);
    await sessions.get(session.sid);
    await sessions.list('ada');
    await sessions.revoke(session.sid);
    await sessions.revokeAll('ada');
    const { refreshToken: other } = await sessions.create({ subject: 'bea' });
    await sessions.end({ refreshToken: other });
    expect(told()).toEqual([
      ['sess.create', ok],
      ['sess.verify', ok],
      ['sess.verify', ok],
      ['sess.refresh', ok],
      ['sess.update', ok],
      ['sess.elevate', ok],
      ['sess.get', ok],
      ['sess.list', ok],
      ['sess.revoke', ok],
      ['sess.revoke_all', ok],
      ['sess.create', ok],
      ['sess.end', ok],
    ]);
  });

  it('a span shows that a session was absent', async () => {
    const { sessions, told } = arrange();
    const nobody = 'A'.repeat(32);
    await sessions.update(nobody, {});
    await sessions.elevate(nobody);
    await sessions.get(nobody);
    await sessions.revoke(nobody);
    await sessions.end({});
    expect(told().map(([, attributes]) => attributes)).toEqual(Array(5).fill(absent));
  });

  it('a span shows the reason of a rejection, which is not an error', async () => {
    const { sessions, clock, told, spans } = arrange();
    const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    const next = await sessions.refresh(refreshToken);
    if (!next.ok) expect.unreachable();
    await sessions.verify(next.accessToken);
    clock.advance('16m');
    await sessions.verify(accessToken);
    await sessions.refresh(refreshToken);
    await sessions.verify(next.accessToken);
    await sessions.authenticate(undefined);
    expect(told().slice(3)).toEqual([
      ['sess.verify', rejected('expired')],
      ['sess.refresh', rejected('reused')],
      ['sess.verify', rejected('unknown')],
      ['sess.verify', rejected('malformed')],
    ]);
    for (const { status, kind, events } of spans()) {
      expect([status, kind, events]).toEqual([
        { code: SpanStatusCode.UNSET },
        SpanKind.INTERNAL,
        [],
      ]);
    }
  });

  it('a span fails with the store and records the error', async () => {
    const { sessions, faulty, told, spans } = arrange();
    faulty.fail();
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow('session store');
    expect(told()).toEqual([['sess.create', failed('store_unavailable')]]);
    const [span] = spans();
    expect(span?.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: "The session store failed at 'load'. See the cause.",
    });
    expect(span?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        'exception',
        expect.objectContaining({
          'exception.type': 'store_unavailable',
          'exception.message': "The session store failed at 'load'. See the cause.",
        }),
      ],
    ]);
    expect(JSON.stringify(span?.events)).not.toContain('is down');
  });

  it('a span shows a client error as a rejection', async () => {
    const data: StandardSchema<RegisteredData> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ issues: [{ message: 'no' }] }),
      },
    };
    const { sessions, told, spans } = arrange({ data });
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow();
    await expect(sessions.create({ subject: '' })).rejects.toThrow();
    expect(told().map(([, attributes]) => attributes)).toEqual([
      rejected('invalid_data'),
      rejected('invalid_subject'),
    ]);
    expect(spans().map(({ status }) => status.code)).toEqual([0, 0]);
  });

  it('a span shows a usage error, and only the name of a foreign error', async () => {
    const { sessions, told, spans } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const mistake = sessions.revokeAll('ada', { exept: session.sid } as never);
    await expect(mistake).rejects.toThrow('exept');
    const own = sessions.update(session.sid, () => {
      throw new RangeError('the password was hunter2');
    });
    await expect(own).rejects.toThrow('hunter2');
    const thrown = sessions.update(session.sid, () => {
      // biome-ignore lint/style/useThrowOnlyError: a callback may throw anything
      throw 'hunter2';
    });
    await expect(thrown).rejects.toBe('hunter2');
    expect(told().slice(1)).toEqual([
      ['sess.revoke_all', failed('invalid_option')],
      ['sess.update', failed('RangeError')],
      ['sess.update', failed('_OTHER')],
    ]);
    const [, , update, other] = spans();
    for (const span of [update, other]) {
      expect([span?.status, span?.events]).toEqual([{ code: SpanStatusCode.ERROR }, []]);
    }
  });
});

describe('spans beside others', () => {
  const recording = createRecording();

  beforeEach(() => {
    context.setGlobalContextManager(recording.contextManager);
    recording.forget();
  });
  afterEach(() => {
    context.disable();
    trace.disable();
  });

  it('a span is a child of the active one and the parent of spans in callbacks', async () => {
    const { sessions, tracerProvider, spans } = arrange();
    const tracer = tracerProvider.getTracer('application');
    await tracer.startActiveSpan('POST /login', async (request) => {
      const { session } = await sessions.create({ subject: 'ada' });
      await sessions.update(session.sid, (data) => {
        tracer.startSpan('change the data').end();
        return data;
      });
      request.end();
    });
    await sessions.verify('x');
    const [, inner, update, request, verify] = spans();
    expect([inner?.name, update?.name, request?.name, verify?.name]).toEqual([
      'change the data',
      'sess.update',
      'POST /login',
      'sess.verify',
    ]);
    expect(update?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(inner?.parentSpanContext?.spanId).toBe(update?.spanContext().spanId);
    expect(verify?.parentSpanContext).toBeUndefined();
  });

  it('spans use the global provider, also if it is registered after the engine was created', async () => {
    const sessions = instrument(await makeEngine('opaque'));
    await sessions.verify('x');
    trace.setGlobalTracerProvider(recording.tracerProvider);
    await sessions.verify('x');
    expect(recording.told()).toEqual([['sess.verify', rejected('malformed')]]);
    expect(recording.spans()[0]?.instrumentationScope.name).toBe('@sess/otel');
  });

  it.each(TOKEN_MODES)('spans are the same with %s tokens', async (mode) => {
    const { tracerProvider, meterProvider } = recording;
    const sessions = instrument(await makeEngine(mode), { tracerProvider, meterProvider });
    const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    await sessions.verify(accessToken);
    await sessions.refresh(refreshToken);
    await sessions.verify(`${accessToken}.x`);
    expect(recording.told()).toEqual([
      ['sess.create', ok],
      ['sess.verify', ok],
      ['sess.refresh', ok],
      ['sess.verify', rejected('malformed')],
    ]);
  });
});

describe('createTracing', () => {
  const tracing = () => {
    const { tracerProvider, spans } = createRecording();
    return { traced: createTracing(tracerProvider.getTracer('test')), spans };
  };

  it('returns a synchronous result synchronously', () => {
    const { traced, spans } = tracing();
    expect(traced('x', () => ({ ok: false, reason: 'expired' }))).toEqual({
      ok: false,
      reason: 'expired',
    });
    expect(spans()).toMatchObject([{ name: 'x', attributes: { 'sess.reason': 'expired' } }]);
  });

  it('ends the span of a call that throws synchronously', () => {
    const { traced, spans } = tracing();
    expect(() =>
      traced('x', () => {
        throw new RangeError('secret');
      }),
    ).toThrow(RangeError);
    expect(spans()).toMatchObject([{ attributes: { 'error.type': 'RangeError' } }]);
  });
});
