import { expect } from 'vitest';
import { UsageError } from '../src/errors.js';

/** Runs what a caller got wrong, and answers the error that told them so. */
export function refusalOf(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toBeInstanceOf(UsageError);
    return error as UsageError;
  }
  return expect.unreachable('nothing was refused') as never;
}
