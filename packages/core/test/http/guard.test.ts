import { describe, expect, it } from 'vitest';
import { createGuard, type GuardOptions, isRequestSession } from '../../src/http/guard.js';
import { refusalOf } from '../refusal.js';
import { serve } from './open.js';

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
    [{ redirectTo: '//evil.example' }, 'redirectTo: expected a path on this site'],
    [{ redirectTo: 'login' }, 'redirectTo: expected a path on this site'],
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

describe('isRequestSession', () => {
  it('isRequestSession is true for the request of an engine', () => {
    expect(isRequestSession(serve().open({}).request)).toBe(true);
  });

  it.each([undefined, null, {}, { session: null }, 'session', () => {}])(
    'isRequestSession is false for %j',
    (value) => {
      expect(isRequestSession(value)).toBe(false);
    },
  );
});
