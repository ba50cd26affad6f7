import { describe, expect, it } from 'vitest';
import { createGuard, type GuardOptions } from '../../src/http/request-session.js';
import { refusalOf } from '../refusal.js';

const refusal = (options: unknown) => refusalOf(() => createGuard(options as GuardOptions));

describe('createGuard', () => {
  it.each([
    [
      { authenticatedWithin: '5 minutes' },
      "authenticatedWithin: '5 minutes' is not a duration. Write '5m'",
    ],
    [{ authenticatedWithin: 0 }, "authenticatedWithin: 0 is out of range. Write at least '1s'"],
    [{ authenticatedWithin: null }, 'authenticatedWithin: null is not a duration'],
    [
      { where: 'admin' },
      'where: expected a function of the session that returns true or false, got "admin".',
    ],
    [{ where: null }, 'where: expected a function'],
    [
      { maxAge: '5m' },
      "requireSession: there is no option 'maxAge'. Known are: authenticatedWithin, where.",
    ],
    [{ authenticatedwithin: '5m' }, "requireSession: there is no option 'authenticatedwithin'."],
    ['5m', 'requireSession: an object of options is expected.'],
    [null, 'requireSession: an object of options is expected.'],
  ])('refuses the options %o with a message that names the repair', (options, message) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(message);
  });
});
