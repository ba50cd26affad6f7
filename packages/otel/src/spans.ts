import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { isSessError } from '@sess/core';

/** Runs a call within a new span. A synchronous result is returned synchronously, a promise as a promise. */
export type Tracing = <Result>(name: string, call: () => Result) => Result;

/** Creates the function that runs calls within spans of a tracer. */
export function createTracing(tracer: Tracer): Tracing {
  return (name, call) =>
    tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL }, (span) => {
      const succeed = <Value>(value: Value): Value => {
        span.setAttributes(outcomeOf(value));
        span.end();
        return value;
      };
      const fail = (error: unknown): never => {
        recordError(span, error);
        span.end();
        throw error;
      };
      let result: ReturnType<typeof call>;
      try {
        result = call();
      } catch (error) {
        return fail(error);
      }
      return result instanceof Promise
        ? (result.then(succeed, fail) as typeof result)
        : succeed(result);
    });
}

/** Returns the attributes of a result, which contain nothing of the session. */
function outcomeOf(result: unknown): Record<string, string> {
  if (result === undefined || result === false) return { 'sess.outcome': 'absent' };
  if (isRejected(result)) return { 'sess.outcome': 'rejected', 'sess.reason': result.reason };
  return { 'sess.outcome': 'ok' };
}

function isRejected(result: unknown): result is { readonly ok: false; readonly reason: string } {
  return typeof result === 'object' && result !== null && 'ok' in result && result.ok === false;
}

/**
 * Records an error. A library error with an HTTP status below 500 is caused by the client, so the span does not fail,
 * as for a rejected token. Of other errors only the name is recorded: they come from callbacks of the application,
 * and their messages may contain secrets.
 */
function recordError(span: Span, error: unknown): void {
  if (!isSessError(error)) {
    const type = error instanceof Error ? error.name : '_OTHER';
    span.setAttributes({ 'sess.outcome': 'error', 'error.type': type });
    span.setStatus({ code: SpanStatusCode.ERROR });
    return;
  }
  if (error.status < 500) {
    span.setAttributes({ 'sess.outcome': 'rejected', 'sess.reason': error.code });
    return;
  }
  span.setAttributes({ 'sess.outcome': 'error', 'error.type': error.code });
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.recordException(error);
}
