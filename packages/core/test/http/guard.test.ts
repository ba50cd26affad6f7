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
      "authenticatedWithin: '5 minutes' is not a duration. Write '5m'",
    ],
    [{ authenticatedWithin: 0 }, "authenticatedWithin: 0 is out of range. Write at least '1s'"],
    [{ authenticatedWithin: null }, 'authenticatedWithin: null is not a duration'],
    [{ where: 'admin' }, 'where: write a function of the session that answers true or false'],
    [{ where: null }, 'where: write a function'],
    [
      { maxAge: '5m' },
      "requireSession: there is no option 'maxAge'. Known are: authenticatedWithin, where.",
    ],
    [{ authenticatedwithin: '5m' }, "requireSession: there is no option 'authenticatedwithin'."],
    ['5m', 'requireSession: an object of options is expected.'],
    [null, 'requireSession: an object of options is expected.'],
  ])(
    'refuses %o and says what to write: a guard that guards less than was meant is worse than none',
    (options, message) => {
      const refused = refusal(options);
      expect(refused.code).toBe('invalid_option');
      expect(refused.message).toContain(message);
    },
  );
});
