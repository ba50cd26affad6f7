import { describe, expect, it } from 'vitest';
import { serve } from './open.js';

const TRANSIENT = /; SameSite=Lax$/;
const ATTRIBUTES = 'sec-fetch-dest';

/** Signs in, and returns the cookie pair of the answer with the whole line. */
async function signIn(served: ReturnType<typeof serve>, lifetimes: object) {
  const { request, cookies } = served.open({ method: 'POST' });
  const body = await request.start({ subject: 'ada', ...lifetimes });
  const line = cookies.at(-1)?.[1] ?? '';
  return { body, line, pair: line.split(';')[0] ?? '' };
}

function maxAgeOf(line: string | undefined): number {
  return Number(/; Max-Age=(\d+)/.exec(line ?? '')?.[1]);
}

describe('the cookie of a sign-in with remember: false', () => {
  it('has no Max-Age, also after each refresh, renewal and elevation [cookies.browser-session]', async () => {
    const served = serve({ transport: 'both' });
    const { line, pair } = await signIn(served, { remember: false });
    expect(line).toMatch(TRANSIENT);

    served.clock.advance('15m');
    const page = served.open({ headers: { cookie: pair, [ATTRIBUTES]: 'document' } });
    await page.handle();
    await page.handle();
    expect(page.cookies.at(-1)?.[1]).toMatch(TRANSIENT);
    const renewed = page.cookies.at(-1)?.[1].split(';')[0] ?? '';

    served.clock.advance('15m');
    const headers = { cookie: renewed };
    const refresh = await served.send({ method: 'POST', path: '/session/refresh', headers });
    expect(refresh.reply?.status).toBe(200);
    expect(refresh.cookies.at(-1)?.[1]).toMatch(TRANSIENT);

    const bearer = JSON.parse(refresh.reply?.body ?? '{}').access_token as string;
    const step = served.open({ method: 'POST', bearer });
    await step.handle();
    await step.request.elevate();
    expect(step.cookies.at(-1)?.[1]).toMatch(TRANSIENT);
  });

  it('has none either where requests carry bearer tokens', async () => {
    const served = serve();
    const { pair } = await signIn(served, { remember: false });
    const headers = { cookie: pair };
    const { cookies } = await served.send({ method: 'POST', path: '/session/refresh', headers });
    expect(cookies.at(-1)?.[1]).toMatch(TRANSIENT);
  });

  it('is not made persistent by remember: true if the options of the cookie say otherwise', async () => {
    const { line } = await signIn(serve({ cookie: { persistent: false } }), { remember: true });
    expect(line).toMatch(TRANSIENT);
  });
});

describe('the cookie of a sign-in with lifetimes', () => {
  it('has what is left of the session as its Max-Age, at every renewal', async () => {
    const served = serve({ transport: 'cookie' });
    const first = await signIn(served, { idleTtl: '1h', absoluteTtl: '90m' });
    expect(maxAgeOf(first.line)).toBe(3_600);
    let { pair } = first;
    for (const left of [3_600, 2_700]) {
      served.clock.advance(left === 3_600 ? '30m' : '15m');
      const { handle, cookies } = served.open({ headers: { cookie: pair } });
      await handle();
      expect(maxAgeOf(cookies.at(-1)?.[1])).toBe(left);
      pair = cookies.at(-1)?.[1].split(';')[0] ?? '';
    }
  });
});

describe('a sign-in with lifetimes and the body transport', () => {
  it('ends by them', async () => {
    const served = serve({ refreshTransport: 'body' });
    const { body } = await signIn(served, { idleTtl: '1h', remember: false });
    expect(body.expires_in).toBe(900);
    const refresh = (token: unknown) =>
      served.send({
        method: 'POST',
        path: '/session/refresh',
        body: { refresh_token: token },
      });
    served.clock.advance('59m');
    const { reply, cookies } = await refresh(body.refresh_token);
    expect(reply?.status).toBe(200);
    expect(cookies).toEqual([]);
    served.clock.advance('1h');
    expect((await refresh(JSON.parse(reply?.body ?? '{}').refresh_token)).reply?.status).toBe(401);
  });
});
