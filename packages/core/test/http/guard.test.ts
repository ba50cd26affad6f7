import { describe, expect, it } from 'vitest';
import { createGuard, type GuardOptions, isRequestSession } from '../../src/http/guard.js';
import { refusalOf } from '../refusal.js';
import { bodyOf, serve } from './open.js';

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
      "requireSession: there is no option 'maxAge'. Known are: authenticatedWithin, acr, redirectTo, bound, where.",
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

describe('a guard that requires an authentication context class', () => {
  it('refuses other sessions with the challenge of RFC 9470, and accepts those of elevate [step-up.acr]', async () => {
    const { open } = serve({ transport: 'both' });
    const signIn = open({ method: 'POST' });
    const first = await signIn.request.start({ subject: 'ada', acr: 'one' });
    const guards = {
      class: createGuard({ acr: ['two', 'three'] }),
      both: createGuard({ acr: 'two', authenticatedWithin: '5m' }),
      own: createGuard({ acr: ['two', 'one'] }),
    };
    const check = async (guard: keyof typeof guards, bearer: string) => {
      const { request, handle } = open({ bearer });
      await handle();
      return guards[guard](request);
    };
    const challenge = 'Bearer error="insufficient_user_authentication", acr_values=';
    expect(await check('class', first.access_token)).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': `${challenge}"two three"` },
    });
    const refused = await check('both', first.access_token);
    expect(refused?.headers).toMatchObject({
      'WWW-Authenticate': `${challenge}"two", max_age=300`,
    });
    expect(bodyOf(refused)).toMatchObject({ acr_values: 'two', max_age: 300 });
    expect(await check('own', first.access_token)).toBeUndefined();

    const step = open({ method: 'POST', bearer: first.access_token });
    await step.handle();
    const second = await step.request.elevate({ acr: 'two', data: { step: 2 } });
    expect(step.request.session).toMatchObject({ acr: 'two', data: { step: 2 } });
    // Under way with the earlier token: still signed in, and not elevated.
    expect((await check('class', first.access_token))?.status).toBe(401);
    for (const guard of ['class', 'both', 'own'] as const) {
      expect(await check(guard, second.access_token)).toBeUndefined();
    }
  });

  it.each([['two words'], [[]], [['a', 1]], ['"'], [null]])(
    'createGuard refuses acr: %j',
    (acr) => {
      expect(() => createGuard({ acr: acr as string })).toThrow(
        /^acr: expected a name of 1 to 128/,
      );
    },
  );
});
