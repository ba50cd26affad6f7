import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  InvalidDataError,
  SessError,
  type SessErrorCode,
  SessionLimitError,
  StoreUnavailableError,
  UsageError,
} from '../../src/errors.js';
import type { Reply } from '../../src/http/exchange.js';
import { type ProblemCode, problemReply, replyToError } from '../../src/http/problem.js';

const bodyOf = (reply: Reply | undefined) =>
  JSON.parse(reply?.body ?? 'null') as Record<string, unknown>;

/** Code, status, and the challenge that goes with it. */
const CODES: readonly (readonly [ProblemCode, number, string | undefined])[] = [
  ['session_required', 401, 'Bearer'],
  ['invalid_request', 400, 'Bearer error="invalid_request"'],
  ['invalid_token', 401, 'Bearer error="invalid_token"'],
  ['session_ended', 401, 'Bearer error="invalid_token"'],
  ['access_denied', 403, undefined],
  ['refresh_token_missing', 401, 'Bearer'],
  ['refresh_token_rejected', 401, 'Bearer error="invalid_token"'],
  ['cross_site_request', 403, undefined],
  ['method_not_allowed', 405, undefined],
  ['not_found', 404, undefined],
  ['store_unavailable', 503, undefined],
  ['session_limit_reached', 409, undefined],
  ['not_revocable', 501, undefined],
  ['invalid_data', 400, undefined],
  ['data_too_large', 413, undefined],
  ['cookie_too_large', 500, undefined],
];

describe('problemReply', () => {
  it.each(CODES)(
    'the problem %s has the status %i and the challenge %s',
    (code, status, challenge) => {
      const reply = problemReply(code);
      expect(reply.status).toBe(status);
      expect(reply.headers['WWW-Authenticate']).toBe(challenge);
      expect(reply.headers['Content-Type']).toBe('application/problem+json');
      expect(reply.headers['Cache-Control']).toBe('no-store');
    },
  );

  it.each(CODES)(
    'the problem %s has a body of title, status, detail and a stable code [responses.problem]',
    (code, status) => {
      const body = bodyOf(problemReply(code));
      expect(body).toEqual({
        title: status === 413 ? 'Content Too Large' : STATUS_CODES[status],
        status,
        detail: expect.stringMatching(/^[A-Z].*\.$/),
        code: code === 'session_ended' ? 'invalid_token' : code,
      });
    },
  );

  it.each([...CODES.map(([code]) => code), 'insufficient_user_authentication' as const])(
    'the problem %s has a challenge if it is a 401 [responses.challenge]',
    (code) => {
      const { status, headers } = problemReply(code);
      if (status === 401) expect(headers['WWW-Authenticate']).toMatch(/^Bearer\b/);
    },
  );

  it('the challenge has no error code if no credentials were sent [bearer.none]', () => {
    expect(problemReply('session_required').headers['WWW-Authenticate']).toBe('Bearer');
  });

  it('a token that ended before the request and one that ended during it get the same body, to the byte [bearer.rejected]', () => {
    expect(problemReply('session_ended')).toEqual(problemReply('invalid_token'));
  });

  it('Retry-After is set only if the store is unavailable [store.fault]', () => {
    for (const [code] of CODES) {
      expect(problemReply(code).headers['Retry-After']).toBe(
        code === 'store_unavailable' ? '1' : undefined,
      );
    }
  });

  it('a problem may have another challenge and further members [bearer.step-up]', () => {
    const reply = problemReply('insufficient_user_authentication', {
      challenge: 'Bearer error="insufficient_user_authentication", max_age=300',
      members: { max_age: 300 },
    });
    expect(reply.status).toBe(401);
    expect(reply.headers['WWW-Authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", max_age=300',
    );
    expect(bodyOf(reply)).toMatchObject({ code: 'insufficient_user_authentication', max_age: 300 });
  });

  it('a problem may have further headers', () => {
    expect(
      problemReply('method_not_allowed', { headers: { Allow: 'POST' } }).headers,
    ).toMatchObject({
      Allow: 'POST',
      'Cache-Control': 'no-store',
    });
  });
});

describe('replyToError', () => {
  it.each<SessErrorCode & ProblemCode>([
    'store_unavailable',
    'session_limit_reached',
    'session_ended',
    'session_required',
    'not_revocable',
    'invalid_data',
    'data_too_large',
    'cross_site_request',
    'cookie_too_large',
  ])('replyToError returns a problem for %s with the status of the error', (code) => {
    const error = new SessError(code, 'text');
    expect(replyToError(error)?.status).toBe(error.status);
    expect(replyToError(error)).toEqual(problemReply(code));
  });

  it('replyToError returns the reply that an error brings, and none for a code whose errors bring theirs', () => {
    const error = new SessError('invalid_dpop_proof', 'text');
    expect([error.status, replyToError(error)]).toEqual([400, undefined]);
    const reply: Reply = { status: 400, headers: {}, body: '{}' };
    expect(replyToError(Object.assign(error, { reply }))).toBe(reply);
  });

  it('replyToError returns 503 with Retry-After and no challenge for a failing store [store.fault]', () => {
    const reply = replyToError(new StoreUnavailableError('text'));
    expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(reply?.headers).not.toHaveProperty('WWW-Authenticate');
  });

  it.each([
    new StoreUnavailableError('redis://user:hunter2@db:6379', { cause: new Error('hunter2') }),
    new SessError('session_ended', 'hunter2', { cause: 'hunter2' }),
    new InvalidDataError('hunter2', { cause: 'hunter2' }),
  ])(
    'the reply contains neither the message nor the cause of $name [responses.problem]',
    (error) => {
      expect(JSON.stringify(replyToError(error))).not.toContain('hunter2');
    },
  );

  it('the reply does not contain the limit of sessions of a subject', () => {
    expect(JSON.stringify(replyToError(new SessionLimitError(7_654_321)))).not.toContain('7654321');
  });

  it('the reply lists the paths that a schema refused, without its messages, which may quote the value', () => {
    const issues = [{ message: 'got "my secret"', path: 'handle' }];
    expect(bodyOf(replyToError(new InvalidDataError('text', { issues })))).toMatchObject({
      status: 400,
      code: 'invalid_data',
      errors: [{ path: 'handle' }],
    });
    expect(replyToError(new InvalidDataError('text', { issues }))?.body).not.toContain('secret');
    expect(bodyOf(replyToError(new InvalidDataError('text')))).not.toHaveProperty('errors');
  });

  it('replyToError returns a 400 for a subject that is not acceptable, which the user may have typed', () => {
    const error = new UsageError('invalid_subject', 'text');
    expect(replyToError(error)).toEqual(problemReply('invalid_subject'));
    expect(replyToError(error)?.status).toBe(400);
  });

  it('replyToError returns undefined for a UsageError of another version of the package with the code of a problem', () => {
    const error = Object.assign(new UsageError('invalid_argument', 'text'), { code: 'not_found' });
    expect(replyToError(error)).toBeUndefined();
  });

  it.each([
    new Error('text'),
    new UsageError('invalid_option', 'text'),
    Object.assign(new Error('text'), { code: 'session_ended', status: 401 }),
    undefined,
    null,
    'session_ended',
  ])(
    "replyToError returns undefined for an error that is the application's to handle: %s",
    (error) => {
      expect(replyToError(error)).toBeUndefined();
    },
  );
});
