import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Answer, Client } from '../../../test/demo/client.js';
import { startProgram } from '../../../test/demo/process.js';

const USER = { email: 'ada@example.com', password: 'correct horse' };

/** A browser that loads a page, or sends a form of the page before. */
class Browser {
  readonly #client: Client;

  constructor(base: string) {
    this.#client = new Client(base);
  }

  get cookie(): string | undefined {
    return this.#client.jar.get('__Host-sess');
  }

  async load(path: string): Promise<Answer> {
    return this.#client.send('GET', path, { headers: NAVIGATION });
  }

  async submit(path: string, fields: Record<string, string>, headers = {}): Promise<Answer> {
    const body = new URLSearchParams(fields).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#client.send('POST', path, {
      body,
      headers: { ...NAVIGATION, ...type, ...headers },
    });
  }
}

const NAVIGATION = {
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

function locationOf({ status, headers }: Answer): string | null {
  return status === 303 ? headers.get('location') : null;
}

function sidsOf({ text }: Answer): string[] {
  return [...text.matchAll(/name="sid" value="([^"]+)"/g)].map(([, sid = '']) => sid);
}

describe.each(['express', 'fastify', 'hono'])('the pages on %s', (name) => {
  it('are a program of at most 80 lines without a script in a page', () => {
    const text = readFileSync(`examples/pages/src/${name}.ts`, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/<script|onclick/);
    expect(text).not.toMatch(/from '\./);
  });

  it('keep the cart of a guest through the sign-in, and sign devices out', async () => {
    const example = await startProgram(`pages/dist/${name}.js`);
    const [laptop, phone] = [new Browser(example.base), new Browser(example.base)];

    expect((await laptop.load('/')).setCookies).toEqual([]);
    expect(locationOf(await laptop.submit('/cart', { item: '<b>tea</b>' }))).toBe('/');
    const shop = await laptop.load('/');
    expect(shop.text).toMatch(/<li>&(?:#60|lt);b&(?:#62|gt);tea/);
    expect(locationOf(await laptop.load('/account?tab=1'))).toBe(
      '/sign-in?return_to=%2Faccount%3Ftab%3D1',
    );
    expect((await laptop.load('/sign-in?return_to=%2Faccount%3Ftab%3D1')).text).toContain(
      'value="/account?tab=1"',
    );

    const guest = laptop.cookie;
    expect(guest).toBeDefined();
    expect(locationOf(await laptop.submit('/sign-in', { ...USER, password: 'wrong' }))).toBe(
      '/sign-in',
    );
    expect((await laptop.load('/sign-in')).text).toContain('The address or the password is wrong.');
    expect((await laptop.load('/sign-in')).text).not.toContain('is wrong.');
    const strange = { ...USER, return_to: '//evil.example', remember: 'on' };
    const signedIn = await laptop.submit('/sign-in', strange);
    expect(locationOf(signedIn)).toBe('/account');
    expect(signedIn.setCookies.at(-1)).toContain('Max-Age=604800');
    expect(laptop.cookie).not.toBe(guest);
    expect((await laptop.load('/')).text).toContain('tea');

    const forgotten = await phone.submit('/sign-in', { ...USER, return_to: '/account?tab=1' });
    expect(locationOf(forgotten)).toBe('/account?tab=1');
    expect(forgotten.setCookies.at(-1)).not.toMatch(/Max-Age|Expires/);
    const account = await phone.load('/account');
    expect(account.headers.get('cache-control')).toBe('no-store');
    const sids = sidsOf(account);
    expect(sids).toHaveLength(2);

    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect((await phone.submit('/devices', {}, foreign)).status).toBe(403);
    expect(sidsOf(await laptop.load('/account'))).toEqual(sids);

    expect(locationOf(await laptop.submit('/devices', { sid: sids[1] ?? '' }))).toBe('/account');
    expect(locationOf(await phone.load('/account'))).toMatch(/^\/sign-in/);
    expect(locationOf(await phone.submit('/sign-in', USER))).toBe('/account');
    expect(locationOf(await phone.submit('/devices', {}))).toBe('/account');
    expect(locationOf(await laptop.load('/account'))).toMatch(/^\/sign-in/);
    expect(locationOf(await phone.submit('/session/logout', {}))).toBe('/');
    expect(phone.cookie).toBeUndefined();
    expect(locationOf(await phone.load('/account'))).toMatch(/^\/sign-in/);

    const { code, stderr } = await example.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
