import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Answer, Browser, locationOf } from '../../../test/demo/form-browser.js';
import { startProgram } from '../../../test/demo/process.js';

const USER = { email: 'ada@example.com', password: 'correct horse' };

function cookieOf({ headers }: Answer): string | undefined {
  return headers['set-cookie']?.at(-1);
}

function sidsOf(page: Answer): string[] {
  return [...page.text.matchAll(/name="sid" value="([^"]+)"/g)].map(([, sid = '']) => sid);
}

describe.each(['express', 'fastify', 'hono'])('the pages on %s', (name) => {
  it('are a program of at most 80 lines without a script in a page', () => {
    const program = readFileSync(`examples/pages/src/${name}.ts`, 'utf8');
    expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
    expect(program).not.toMatch(/<script|onclick/);
    expect(program).not.toMatch(/from '\./);
  });

  it('keep the cart of a guest through the sign-in, and sign devices out', async () => {
    const example = await startProgram(`pages/dist/${name}.js`);
    const [laptop, phone] = [new Browser(example.base), new Browser(example.base)];

    expect(cookieOf(await laptop.load('/'))).toBeUndefined();
    expect(locationOf(await laptop.submit('/cart', { item: '<b>tea</b>' }))).toBe('/');
    const shop = await laptop.load('/');
    expect(shop.text).toMatch(/<li>&(?:#60|lt);b&(?:#62|gt);tea/);
    expect(locationOf(await laptop.load('/account?tab=1'))).toBe(
      '/sign-in?return_to=%2Faccount%3Ftab%3D1',
    );

    const guest = laptop.cookie;
    expect(guest).toBeDefined();
    const wrong = await laptop.submit('/sign-in?return_to=%2F', { ...USER, password: 'wrong' });
    expect(locationOf(wrong)).toMatch(/\?return_to=%2F$/);
    expect((await laptop.load('/sign-in')).text).toContain('The address or the password is wrong.');
    expect((await laptop.load('/sign-in')).text).not.toContain('is wrong.');
    const signedIn = await laptop.submit('/sign-in?return_to=%2F%2Fevil.example', {
      ...USER,
      remember: 'on',
    });
    expect(locationOf(signedIn)).toBe('/account');
    expect(cookieOf(signedIn)).toContain('Max-Age=604800');
    expect(laptop.cookie).not.toBe(guest);
    expect((await laptop.load('/')).text).toContain('tea');

    const forgotten = await phone.submit('/sign-in?return_to=%2Faccount%3Ftab%3D1', USER);
    expect(locationOf(forgotten)).toBe('/account?tab=1');
    expect(cookieOf(forgotten)).not.toMatch(/Max-Age|Expires/);
    const account = await phone.load('/account');
    expect(account.headers['cache-control']).toBe('no-store');
    const sids = sidsOf(account);
    expect(sids).toHaveLength(2);

    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect((await phone.submit('/devices', {}, foreign)).status).toBe(403);
    expect(sidsOf(await laptop.load('/account'))).toEqual(sids);

    // A request that names no session signs no other device out.
    expect(locationOf(await laptop.submit('/devices', {}))).toBe('/account');
    expect(sidsOf(await phone.load('/account'))).toEqual(sids);
    expect(locationOf(await laptop.submit('/devices', { sid: sids[1] ?? '' }))).toBe('/account');
    expect(locationOf(await phone.load('/account'))).toMatch(/^\/sign-in/);
    expect(locationOf(await phone.submit('/sign-in', USER))).toBe('/account');
    expect(locationOf(await phone.submit('/devices', { others: 'on' }))).toBe('/account');
    expect(locationOf(await laptop.load('/account'))).toMatch(/^\/sign-in/);
    expect(locationOf(await phone.submit('/session/logout', {}))).toBe('/');
    expect(phone.cookie).toBeUndefined();
    expect(locationOf(await phone.load('/account'))).toMatch(/^\/sign-in/);

    const { code, stderr } = await example.stop();
    expect(code).toBe(0);
    // Of the request from another site; nothing else was worth a warning.
    expect(stderr.match(/Warning: .*/g)).toEqual([
      expect.stringContaining('request of another site was refused'),
    ]);
  });
});
