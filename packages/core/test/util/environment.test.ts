import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { emitWarning, isProduction } from '../../src/util/clock.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** Runs something as on an edge runtime that has no `process`, or only part of one. */
function withProcess<Result>(process: unknown, run: () => Result): Result {
  vi.stubGlobal('process', process);
  try {
    return run();
  } finally {
    vi.unstubAllGlobals();
  }
}

describe('isProduction', () => {
  it.each([
    ['production', true],
    ['development', false],
    ['test', false],
    ['Production', false],
    ['', false],
    [undefined, false],
  ])('with NODE_ENV %j is %s', (value, expected) => {
    vi.stubEnv('NODE_ENV', value);
    expect(isProduction()).toBe(expected);
  });

  it.each([[undefined], [{}], [{ env: undefined }]])('is false where process is %o', (process) => {
    expect(withProcess(process, isProduction)).toBe(false);
  });
});

describe('emitWarning', () => {
  it('emits a process warning of the type SessWarning', async () => {
    const warned = once(process, 'warning');
    emitWarning('this is a test of warnings');
    const [warning] = (await warned) as [Error];
    expect(warning.name).toBe('SessWarning');
    expect(warning.message).toBe('this is a test of warnings');
  });

  it.each([[undefined], [{}]])('does nothing where process is %o', (process) => {
    expect(() => withProcess(process, () => emitWarning('nobody hears this'))).not.toThrow();
  });
});
