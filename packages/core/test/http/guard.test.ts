import { describe, expect, it } from 'vitest';
import { createGuard, type GuardOptions } from '../../src/http/guard.js';
import { refusalOf } from '../refusal.js';

const refusal = (options: unknown) => refusalOf(() => createGuard(options as GuardOptions));

describe('createGuard', () => {
  it.each([
    [
      { authenticatedWithin: '5 minutes' },
      'authenticatedWithin: expected a duration, got "5 minutes". Write \'5m\'',
    ],
    [{ authenticatedWithin: 0 }, "authenticatedWithin: expected at least '1s', got 0."],
    [{ authenticatedWithin: null }, 'authenticatedWithin: expected a duration, got null.'],
    [
      { where: 'admin' },
      'where: expected a function of the session that returns true or false, got "admin".',
    ],
    [{ where: null }, 'where: expected a function'],
    [
      { maxAge: '5m' },
      "requireSession: there is no option 'maxAge'. Known are: authenticatedWithin, redirectTo, where.",
    ],
    [{ authenticatedwithin: '5m' }, "requireSession: there is no option 'authenticatedwithin'."],
    ['5m', 'requireSession: expected an object of options, got "5m".'],
    [null, 'requireSession: expected an object of options, got null.'],
  ])(
    'createGuard refuses the options %o with a message that names the repair',
    (options, message) => {
      const refused = refusal(options);
      expect(refused.code).toBe('invalid_option');
      expect(refused.message).toContain(message);
    },
  );
});
