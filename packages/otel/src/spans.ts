import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { isSessError } from '@sess/core';

/** Runs a call within a span. A synchronous result stays synchronous. */
export type Tracing = <Result>(name: string, call: () => Result) => Result;

/** Creates the function that wraps calls in spans. */
export function createTracing(tracer: Tracer): Tracing {
  return <Result>(name: string, call: () => Result) =>
    tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL }, (span) => {
      const succeed = (result: unknown): void => {
        span.setAttributes(outcomeOf(result));
        span.end();
      };
      const fail = (error: unknown): void => {
        recordError(span, error);
        span.end();
      };
      try {
        const result = call();
        if (!(result instanceof Promise)) {
          succeed(result);
          return result;
        }
        return result.then(
          (settled: unknown) => {
            succeed(settled);
            return settled;
          },
          (error: unknown) => {
            fail(error);
            throw error;
          },
        ) as Result;
      } catch (error) {
        fail(error);
        throw error;
      }
    });
}

/** Returns the outcome of a call, without the session that it is about. */
function outcomeOf(result: unknown): Record<string, string> {
  if (result === undefined || result === false) return { 'sess.outcome': 'absent' };
  if (isRejected(result)) return { 'sess.outcome': 'rejected', 'sess.reason': result.reason };
  return { 'sess.outcome': 'ok' };
}

function isRejected(result: unknown): result is { readonly ok: false; readonly reason: string } {
  return typeof result === 'object' && result !== null && 'ok' in result && result.ok === false;
}

/**
 * Records an error. One of the library is judged by its HTTP status: below 500 it is the client's, and no error of the
 * span. Of any other error only the name is recorded, because its message may contain anything.
 */
function recordError(span: Span, error: unknown): void {
  const isOwn = isSessError(error);
  if (isOwn && error.status < 500) {
    span.setAttributes({ 'sess.outcome': 'rejected', 'sess.reason': error.code });
    return;
  }
  const type = isOwn ? error.code : error instanceof Error ? error.name : '_OTHER';
  span.setAttributes({ 'sess.outcome': 'error', 'error.type': type });
  span.setStatus({ code: SpanStatusCode.ERROR, ...(isOwn ? { message: error.message } : {}) });
  if (isOwn) span.recordException(error);
}
