import { describe, expect, it } from 'vitest';
import { createGuard, type GuardOptions } from '../../src/http/guard.js';
import { refusalOf } from '../refusal.js';

const refusal = (options: unknown) => refusalOf(() => createGuard(options as GuardOptions));

describe('createGuard', () => {
  it('asks for nothing beyond a session unless told to', () => {
    for (const guard of [createGuard(), createGuard({})]) {
      expect(guard).toEqual({ maxAge: undefined, where: undefined });
    }
  });

  it('holds the age in milliseconds and the condition as it is', () => {
    const where = () => true;
    const guard = createGuard({ authenticatedWithin: '5m', where });
    expect(guard.maxAge).toBe(300_000);
    expect(guard.where).toBe(where);
    expect(createGuard({ authenticatedWithin: 90 }).maxAge).toBe(90_000);
    expect(Object.isFrozen(guard)).toBe(true);
  });

  it.each([
    [
      { authenticatedWithin: '5 minutes' },
      'authenticatedWithin: expected a duration, got "5 minutes". Write \'5m\'',
    ],
    [{ authenticatedWithin: 0 }, "authenticatedWithin: expected at least '1s', got 0."],
    [{ authenticatedWithin: null }, 'authenticatedWithin: expected a duration, got null.'],
    [{ where: 'admin' }, 'where: write a function of the session that answers true or false'],
    [{ where: null }, 'where: write a function'],
    [
      { maxAge: '5m' },
      "requireSession: there is no option 'maxAge'. Known are: authenticatedWithin, where.",
    ],
    [{ authenticatedwithin: '5m' }, "requireSession: there is no option 'authenticatedwithin'."],
    ['5m', 'requireSession: expected an object of options, got "5m".'],
    [null, 'requireSession: expected an object of options, got null.'],
  ])(
    'refuses %o and says what to write: a guard that guards less than was meant is worse than none',
    (options, message) => {
      const refused = refusal(options);
      expect(refused.code).toBe('invalid_option');
      expect(refused.message).toContain(message);
    },
  );
});
