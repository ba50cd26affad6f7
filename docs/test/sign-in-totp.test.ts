import { Secret, TOTP } from 'otpauth';
import { expect, it, vi } from 'vitest';
import { Browser, locationOf } from '../../test/demo/form-browser.js';
import { createTotpRoutes, requireSecondFactor } from '../guides/sign-in-totp.js';
import { openSite } from './site.js';

async function openBank() {
  const secret = new Secret().base32;
  let lastStep = 0;
  const origin = await openSite(() => {
    const router = createTotpRoutes({
      limit: (_req, _res, next) => next(),
      secretOf: async (subject) => (subject === 'ada' ? secret : undefined),
      async acceptStep(_subject, step) {
        if (step <= lastStep) return false;
        lastStep = step;
        return true;
      },
    });
    return router.get('/payout', requireSecondFactor, (_req, res) => void res.send('paid out'));
  });
  return { origin, totp: new TOTP({ secret }) };
}

it('a code raises a session that has one factor, and counts once', async () => {
  const { origin, totp } = await openBank();
  const [laptop, phone] = [new Browser(origin), new Browser(origin)];
  // A visitor is led through both pages, and back.
  expect(locationOf(await laptop.load('/payout'))).toBe('/second-factor?return_to=%2Fpayout');
  expect(locationOf(await laptop.load('/second-factor?return_to=%2Fpayout'))).toMatch(/^\/sign-in/);
  for (const browser of [laptop, phone]) await browser.submit('/sign-in', { user: 'ada' });
  expect(locationOf(await laptop.load('/payout'))).toBe('/second-factor?return_to=%2Fpayout');
  expect((await laptop.load('/second-factor')).text).toContain('one-time-code');

  const code = totp.generate();
  const wrong = code.replace(/./g, (digit) => String(9 - Number(digit)));
  expect((await laptop.submit('/second-factor', { code: wrong })).status).toBe(422);
  expect(locationOf(await laptop.load('/payout'))).toBeDefined();

  const copy = laptop.cookie;
  const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
  const proven = await laptop.submit('/second-factor?return_to=%2Fpayout', { code: spaced });
  expect(locationOf(proven)).toBe('/payout');
  expect((await laptop.load('/payout')).text).toBe('paid out');
  expect(JSON.parse((await laptop.load('/')).text)).toEqual({
    subject: 'ada',
    acr: 'two-factor',
    amr: ['pwd', 'otp'],
  });
  // The other session of the user, and a copy of the earlier cookie, have proved one factor.
  expect((await phone.submit('/second-factor', { code })).status).toBe(422);
  const thief = new Browser(origin);
  thief.cookie = copy;
  expect(locationOf(await thief.load('/payout'))).toBeDefined();
  await phone.submit('/sign-in', { user: 'bob' });
  expect((await phone.submit('/second-factor', { code: totp.generate() })).status).toBe(422);
});

it('a program without the second factor gets the challenge of RFC 9470', async () => {
  const { origin, totp } = await openBank();
  const browser = new Browser(origin);
  await browser.submit('/sign-in', { user: 'ada' });
  const program = { headers: { cookie: browser.cookie ?? '' } };
  const refused = await fetch(`${origin}/payout`, program);
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toBe(
    'Bearer error="insufficient_user_authentication", acr_values="two-factor"',
  );
  expect(await refused.json()).toMatchObject({ code: 'insufficient_user_authentication' });

  // Of two parallel requests with one code, one is accepted.
  const code = totp.generate();
  const both = [1, 2].map(() => browser.submit('/second-factor', { code }));
  const statuses = (await Promise.all(both)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([303, 422]);
});

it('a code is accepted one step early or late, and not at two', async () => {
  for (const [steps, status] of [
    [-2, 422],
    [-1, 303],
    [1, 303],
    [2, 422],
  ] as const) {
    const { origin, totp } = await openBank();
    const browser = new Browser(origin);
    await browser.submit('/sign-in', { user: 'ada' });
    // In the middle of a step, so that none ends during the request.
    const now = Math.floor(Date.now() / 30_000) * 30_000 + 15_000;
    vi.useFakeTimers({ now, toFake: ['Date'] });
    const code = totp.generate({ timestamp: now + steps * 30_000 });
    const response = await browser.submit('/second-factor', { code });
    vi.useRealTimers();
    expect([steps, response.status]).toEqual([steps, status]);
  }
});
