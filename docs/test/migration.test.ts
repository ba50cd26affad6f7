import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { openStandalone, startPostgres } from '@sess/test-servers';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { type Served, serve } from '../../test/docs/served.js';
import { sendRequest, type WireRequest } from '../../test/kit.js';

const SECRETS = {
  OLD_SECRET: 'the secret of the application before',
  ADOPT_SECRET: 'key material of thirty-two bytes or more',
};

/** Both applications that the diff of a page describes, and the one for a change that may be taken back. */
function readApplications(page: string) {
  const text = readFileSync(`docs/migration/${page}.md`, 'utf8');
  const lines = /^```diff\n([\s\S]*?)^```$/m.exec(text)?.[1]?.split('\n') ?? [];
  const side = (sign: string): string =>
    lines
      .flatMap((line) => (line[0] === sign || /^ |^$/.test(line) ? [line.slice(1)] : []))
      .join('\n');
  const [before, after] = [side('-'), side('+')];
  const careful = after.replace(
    /^( *)secret: process\.env\.ADOPT_SECRET,/m,
    "$&\n$1endOld: 'never',",
  );
  expect(careful).not.toBe(after);
  return { before, after, careful };
}

/** A browser with the cookies of one host. */
class Browser {
  readonly cookies = new Map<string, string>();
  #token: string | undefined;

  /** Returns the user as whom the application knows the browser. A 401 is a token that needs a refresh. */
  async whoIs(url: string): Promise<unknown> {
    const me = await this.send(`${url}/me`, { method: 'GET' });
    if (me.status !== 401) return me.content['user'];
    await this.send(`${url}/auth/refresh`);
    const again = await this.send(`${url}/me`, { method: 'GET' });
    return again.status === 401 ? null : again.content['user'];
  }

  async send(url: string, request: Partial<WireRequest> & { form?: Record<string, string> } = {}) {
    const { form, ...given } = request;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers: [string, string][] = cookie === '' ? [] : [['Cookie', cookie]];
    if (this.#token !== undefined) headers.push(['Authorization', `Bearer ${this.#token}`]);
    if (form !== undefined) headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
    const body = form === undefined ? {} : { body: new URLSearchParams(form).toString() };
    const response = await sendRequest(url, { method: 'POST', ...given, ...body, headers });
    for (const line of response.setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const isJson = response.headers['content-type']?.includes('json') === true;
    const content = isJson ? (JSON.parse(response.text) as Record<string, unknown>) : {};
    if (typeof content['access_token'] === 'string') this.#token = content['access_token'];
    return { status: response.status, content };
  }
}

interface Facts {
  /** The cookie of the application before. */
  readonly cookie: string;
  /** Default: `/logout`. */
  readonly logout?: string;
  /** Whether the application keeps a theme in the session. Default: `false`. */
  readonly hasTheme?: boolean;
}

const PAGES: readonly (readonly [string, Facts])[] = [
  ['express-session', { cookie: 'connect.sid', hasTheme: true }],
  ['cookie-session', { cookie: 'session', hasTheme: true }],
  ['iron-session', { cookie: 'app', hasTheme: true }],
  ['next-auth', { cookie: 'authjs.session-token', logout: '/session/logout' }],
  ['refresh-table', { cookie: 'refresh_token', logout: '/auth/logout' }],
];

describe.each(PAGES)(
  'the application of the page about %s',
  { timeout: 120_000 },
  (page, { cookie, logout = '/logout', hasTheme = false }) => {
    /** Returns what starts one of the applications. They share the servers that they need. */
    async function arrange() {
      const variables: Record<string, string> = { ...SECRETS };
      if (page === 'express-session') {
        const redis = await openStandalone(inject('servers'));
        onTestFinished(() => redis.stop());
        variables['REDIS_URL'] = redis.url;
      }
      if (page === 'refresh-table') {
        const postgres = await startPostgres();
        onTestFinished(() => postgres.stop());
        const client = new pg.Client(postgres.url);
        await client.connect();
        await client.query(
          'CREATE TABLE refresh_tokens (hash text PRIMARY KEY, user_id text, created_at timestamptz, expires_at timestamptz)',
        );
        await client.end();
        variables['DATABASE_URL'] = postgres.url;
      }
      const folder = `docs/.cache/migration/${page}`;
      mkdirSync(folder, { recursive: true });
      const programs = readApplications(page);
      return async (name: keyof typeof programs): Promise<Served> => {
        const path = `${folder}/${name}.mjs`;
        writeFileSync(path, programs[name]);
        const served = await serve(path, variables);
        onTestFinished(() => served.stop());
        return served;
      };
    }

    async function signIn(url: string, user: string): Promise<Browser> {
      const browser = new Browser();
      const { status } = await browser.send(`${url}/login`, { form: { user } });
      // Auth.js has a route of its own.
      if (status === 404) {
        const { content } = await browser.send(`${url}/auth/csrf`, { method: 'GET' });
        const form = { user, csrfToken: String(content['csrfToken']) };
        await browser.send(`${url}/auth/callback/credentials`, { form });
      }
      expect(await browser.whoIs(url)).toBe(user);
      return browser;
    }

    it('keeps users signed in, ends their old sessions, and signs them out', async () => {
      const start = await arrange();
      const before = await start('before');
      const browser = await signIn(before.url, 'ada');
      const copy = new Browser();
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
      await before.stop();

      const { url } = await start('after');
      expect(await browser.whoIs(url)).toBe('ada');
      expect([...browser.cookies.keys()]).toEqual(expect.arrayContaining(['__Host-sess', cookie]));
      // Its new cookie has been presented after this, by a refresh where pages have none.
      const isPage = page !== 'refresh-table';
      const { content } = await browser.send(`${url}${isPage ? '/me' : '/auth/refresh'}`, {
        method: isPage ? 'GET' : 'POST',
      });
      expect(content['theme']).toBe(hasTheme ? 'dark' : undefined);
      expect(await browser.whoIs(url)).toBe('ada');
      const left = [...browser.cookies.keys()];
      expect(left).toContain('__Host-sess');
      expect(left.filter((name) => name.startsWith(cookie))).toEqual([]);
      await signIn(url, 'bob');

      await browser.send(url + logout);
      expect(await browser.whoIs(url)).toBeNull();
      expect(await copy.whoIs(url)).toBeNull();
    });

    it("goes back with endOld: 'never', and forward again, without a sign-in", async () => {
      const start = await arrange();
      const before = await start('before');
      const browser = await signIn(before.url, 'ada');
      await before.stop();
      const after = await start('careful');
      for (const _ of [1, 2, 3]) expect(await browser.whoIs(after.url)).toBe('ada');
      await after.stop();
      const back = await start('before');
      expect(await browser.whoIs(back.url)).toBe('ada');
      await back.stop();
      const forward = await start('after');
      expect(await browser.whoIs(forward.url)).toBe('ada');
    });
  },
);
