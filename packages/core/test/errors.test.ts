import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import {
  InvalidDataError,
  isSessError,
  SessError,
  type SessErrorCode,
  SessionLimitError,
  StoreUnavailableError,
  UsageError,
} from '../src/errors.js';

describe('SessError', () => {
  it.each<[SessErrorCode, number]>([
    ['store_unavailable', 503],
    ['session_limit_reached', 409],
    ['session_ended', 401],
    ['session_required', 401],
    ['not_revocable', 501],
    ['invalid_data', 400],
    ['data_too_large', 413],
    ['cross_site_request', 403],
    ['cookie_too_large', 500],
  ])('%s carries %i under the names that Express and Fastify read', (code, status) => {
    const error = new SessError(code, 'text');
    expect(error).toMatchObject({ code, status, statusCode: status, message: 'text' });
  });

  it.each([
    ['SessError', new SessError('not_revocable', 'text')],
    ['StoreUnavailableError', new StoreUnavailableError('text')],
    ['SessionLimitError', new SessionLimitError(3)],
    ['InvalidDataError', new InvalidDataError('text')],
  ])('%s is an Error and a SessError, and its stack begins with its name', (name, error) => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(SessError);
    expect(error).not.toBeInstanceOf(TypeError);
    expect(error.name).toBe(name);
    expect(inspect(error)).toContain(name);
  });

  it('keeps the cause it is given', () => {
    const cause = new Error('connection reset');
    expect(new SessError('not_revocable', 'text', { cause }).cause).toBe(cause);
    expect(new StoreUnavailableError('text', { cause }).cause).toBe(cause);
    expect(new InvalidDataError('text', { cause }).cause).toBe(cause);
  });

  it.each([
    ['SessError', new SessError('not_revocable', 'text')],
    ['StoreUnavailableError', new StoreUnavailableError('text')],
    ['InvalidDataError', new InvalidDataError('text')],
  ])('%s without a cause shows none', (_, error) => {
    expect('cause' in error).toBe(false);
    expect(inspect(error)).not.toContain('cause');
  });
});

describe('StoreUnavailableError', () => {
  it('is a 503 with Retry-After, for default error handlers too [store.fault]', () => {
    expect(new StoreUnavailableError('text')).toMatchObject({
      code: 'store_unavailable',
      status: 503,
      headers: { 'Retry-After': '1' },
    });
  });
});

describe('SessionLimitError', () => {
  it('names the limit and both ways out', () => {
    const { message, code } = new SessionLimitError(3);
    expect(code).toBe('session_limit_reached');
    expect(message).toContain('3 live sessions');
    expect(message).toContain('maxPerSubject');
    expect(message).toContain('Revoke one first');
    expect(message).toContain("onLimit: 'evict-oldest'");
  });
});

describe('InvalidDataError', () => {
  it('is a 400 by itself, and a 413 when the data is too large', () => {
    expect(new InvalidDataError('text')).toMatchObject({ code: 'invalid_data', status: 400 });
    expect(new InvalidDataError('text', { code: 'data_too_large' })).toMatchObject({
      code: 'data_too_large',
      status: 413,
      statusCode: 413,
    });
  });

  it('InvalidDataError lists the issues of the schema, and none without a schema', () => {
    const issues = [{ message: 'too short', path: 'handle' }];
    expect(new InvalidDataError('text', { issues }).issues).toEqual(issues);
    expect(new InvalidDataError('text').issues).toEqual([]);
  });
});

describe('UsageError', () => {
  it('is a TypeError with a code, and no SessError: it is the program that is wrong', () => {
    const error = new UsageError('invalid_option', 'text');
    expect(error).toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(SessError);
    expect(error).toMatchObject({ name: 'UsageError', code: 'invalid_option', message: 'text' });
  });
});

describe('isSessError', () => {
  it.each([
    new SessError('session_ended', 'text'),
    new StoreUnavailableError('text'),
    new UsageError('invalid_subject', 'text'),
  ])('knows the library’s own: $name', (error) => {
    expect(isSessError(error)).toBe(true);
  });

  it.each([
    new Error('text'),
    new TypeError('text'),
    { code: 'session_ended', status: 401 },
    undefined,
    null,
    'session_ended',
  ])('knows no other: %s', (error) => {
    expect(isSessError(error)).toBe(false);
  });

  it('compares the code, if one is given', () => {
    const error: unknown = new StoreUnavailableError('text');
    expect(isSessError(error, 'store_unavailable')).toBe(true);
    expect(isSessError(error, 'session_ended')).toBe(false);
  });

  it('knows the errors of another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('../src/errors.js');
    const error: unknown = new copy.StoreUnavailableError('text');
    expect(error).not.toBeInstanceOf(StoreUnavailableError);
    expect(isSessError(error, 'store_unavailable')).toBe(true);
    expect(isSessError(new copy.UsageError('invalid_option', 'text'), 'invalid_option')).toBe(true);
  });

  it('adds nothing to what an error shows of itself', () => {
    expect(Object.getOwnPropertySymbols(new SessError('session_ended', 'text'))).toEqual([]);
  });
});
