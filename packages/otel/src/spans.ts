import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { isSessError } from '@sess/core';

/** Runs a call within a span of its own. */
export type Tracing = <Answer>(name: string, call: () => Promise<Answer>) => Promise<Answer>;

export function createTracing(tracer: Tracer): Tracing {
  return (name, call) =>
    tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL }, async (span) => {
      try {
        const answer = await call();
        span.setAttributes(outcomeOf(answer));
        return answer;
      } catch (error) {
        tellOfError(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
}

/** What the caller was told, without whom it was about. */
function outcomeOf(answer: unknown): Record<string, string> {
  if (answer === undefined || answer === false) return { 'sess.outcome': 'absent' };
  if (isRejected(answer)) return { 'sess.outcome': 'rejected', 'sess.reason': answer.reason };
  return { 'sess.outcome': 'ok' };
}

function isRejected(answer: unknown): answer is { readonly ok: false; readonly reason: string } {
  return typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === false;
}

/**
 * An error of the library goes by its HTTP status: below 500 it is the client's, and no error of the span's, as little
 * as a rejected token is. Of any other error only the name is told: it is the application's own, out of a callback, and
 * what its message holds is not known here.
 */
function tellOfError(span: Span, error: unknown): void {
  const isOurs = isSessError(error);
  if (isOurs && error.status < 500) {
    span.setAttributes({ 'sess.outcome': 'rejected', 'sess.reason': error.code });
    return;
  }
  const type = isOurs ? error.code : error instanceof Error ? error.name : '_OTHER';
  span.setAttributes({ 'sess.outcome': 'error', 'error.type': type });
  span.setStatus({ code: SpanStatusCode.ERROR, ...(isOurs ? { message: error.message } : {}) });
  if (isOurs) span.recordException(error);
}
