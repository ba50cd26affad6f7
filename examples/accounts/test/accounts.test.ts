import { EventEmitter, once } from 'node:events';
import { type PostgresServer, startPostgres } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, locationOf } from '../../../test/demo/form-browser.js';
import { startProgram } from '../../../test/demo/process.js';
import type { Database } from '../src/database.js';
import { Application, isSignedIn, messageOf, PASSWORD } from './application.js';

const NEXT = 'battery staple horse';

describe('the application with accounts, on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.stop());

  it('creates an account only for the owner of the address, who chooses the password', async () => {
    const app = await Application.start(server.url);
    const email = 'ada@example.com';
    const browser = app.browser();
    await browser.submit('/sign-up', { email: ' Ada@Example.com ' });
    expect(app.mailTo(email).text).toContain('https://accounts.example/confirm?token=');
    const token = app.tokenFor(email);

    const page = await browser.load(`/confirm?token=${token}`);
    expect(page.text).toContain(`value="${token}"`);
    expect(page.headers['cache-control']).toBe('no-store');
    const short = await browser.submit('/confirm', { token, password: 'short' });
    expect([short.status, messageOf(short)]).toEqual([
      422,
      'Choose a password of at least 15 characters.',
    ]);
    const wrong = { token: token.replace(/^./, '!'), password: PASSWORD };
    expect((await browser.submit('/confirm', wrong)).status).toBe(422);
    // A link of one purpose does not serve the other.
    expect((await browser.submit('/reset', { token, password: PASSWORD })).status).toBe(422);
    const confirmed = await browser.submit('/confirm', { token, password: PASSWORD });
    expect(locationOf(confirmed)).toBe('/account');
    expect((await browser.load('/account')).text).toContain(`<h1>${email}</h1>`);
    // Each link counts once.
    expect((await browser.submit('/confirm', { token, password: NEXT })).status).toBe(422);
    expect(await isSignedIn(await app.signIn(email))).toBe(true);
  });

  it('shows the same pages for addresses with and without an account', async () => {
    const app = await Application.start(server.url);
    await app.signUp('known@example.com');
    for (const path of ['/sign-up', '/forgot']) {
      const pages = [];
      for (const email of ['known@example.com', 'unknown@example.com']) {
        const browser = app.browser();
        const { status, headers } = await browser.submit(path, { email });
        pages.push([status, headers.location, (await browser.load(path)).text]);
        expect(app.mailTo(email).subject).toMatch(/account$|^Confirm|^Choose/);
      }
      expect(pages[0]).toEqual(pages[1]);
    }
    for (const email of ['known@example.com', 'unknown@example.com']) {
      const { status, text } = await app.browser().submit('/sign-in', { email, password: NEXT });
      expect([status, text]).toEqual([422, expect.stringContaining('is wrong.')]);
    }
  });

  it('changes the password: other browsers are signed out, this one gets another cookie', async () => {
    const app = await Application.start(server.url);
    const email = 'change@example.com';
    const [laptop, phone] = [await app.signUp(email), await app.signIn(email)];
    const wrong = await laptop.submit('/password', { current: NEXT, next: NEXT });
    expect([wrong.status, messageOf(wrong)]).toEqual([422, 'The password is wrong.']);
    expect(await isSignedIn(phone)).toBe(true);

    const copy = laptop.cookie;
    const changed = await laptop.submit('/password', { current: PASSWORD, next: NEXT });
    expect(locationOf(changed)).toBe('/account');
    expect(laptop.cookie).not.toBe(copy);
    expect(await isSignedIn(laptop)).toBe(true);
    expect(await isSignedIn(phone)).toBe(false);
    const thief = app.browser();
    thief.cookie = copy;
    expect(await isSignedIn(thief)).toBe(false);
    expect(app.mailTo(email).subject).toBe('Your password was changed');
    expect((await app.browser().submit('/sign-in', { email, password: PASSWORD })).status).toBe(
      422,
    );
    expect(await isSignedIn(await app.signIn(email, NEXT))).toBe(true);
  });

  it('refuses a sign-in whose check of the earlier password ended before the change', async () => {
    const email = 'race@example.com';
    const held = new EventEmitter();
    let isArmed = false;
    const app = await Application.start(
      server.url,
      (db): Database => ({
        async query(text, values) {
          const result = await db.query(text, values);
          if (isArmed && text.includes('password from account')) {
            isArmed = false;
            held.emit('reached');
            await once(held, 'released');
          }
          return result;
        },
      }),
    );
    const laptop = await app.signUp(email);
    isArmed = true;
    const reached = once(held, 'reached');
    const thief = app.browser();
    const late = thief.submit('/sign-in', { email, password: PASSWORD });
    await reached;
    await laptop.submit('/password', { current: PASSWORD, next: NEXT });
    held.emit('released');
    expect([(await late).status, messageOf(await late)]).toEqual([401, 'Sign in again.']);
    expect(await isSignedIn(thief)).toBe(false);
    expect(await isSignedIn(laptop)).toBe(true);
  });

  it('sets a forgotten password by a link, which ends every session and every other link', async () => {
    const app = await Application.start(server.url);
    const email = 'forgot@example.com';
    const thief = await app.signUp(email);
    await app.browser().submit('/forgot', { email });
    const earlier = app.tokenFor(email);
    await app.browser().submit('/forgot', { email });
    const token = app.tokenFor(email);
    expect(token).not.toBe(earlier);

    const owner = app.browser();
    const reset = await owner.submit('/reset', { token, password: NEXT });
    expect(locationOf(reset)).toBe('/account');
    expect(await isSignedIn(owner)).toBe(true);
    expect(await isSignedIn(thief)).toBe(false);
    for (const used of [token, earlier]) {
      const again = await app.browser().submit('/reset', { token: used, password: PASSWORD });
      expect(again.status).toBe(422);
    }
    await app.browser().submit('/forgot', { email });
    await app.db.query("update mail_link set expires_at = now() - interval '1 second'");
    const old = { token: app.tokenFor(email), password: PASSWORD };
    expect((await app.browser().submit('/reset', old)).status).toBe(422);
    expect(await isSignedIn(await app.signIn(email, NEXT))).toBe(true);
  });

  it('lets an administrator sign a user out, and change roles that count at the next request', async () => {
    const app = await Application.start(server.url);
    const [admin, user] = [await app.signUpAdmin(), await app.signUp('user@example.com')];
    expect((await user.load('/admin')).status).toBe(403);
    const page = (await admin.load('/admin')).text;
    const idOf = (email: string) =>
      new RegExp(`<li>${email}[^]*?name="id" value="([^"]+)"`).exec(page)?.[1] ?? '';
    const id = idOf('user@example.com');

    await admin.submit('/admin/role', { id, role: 'admin' });
    expect((await user.load('/admin')).status).toBe(200);
    await admin.submit('/admin/role', { id, role: 'member' });
    expect((await user.load('/admin')).status).toBe(403);
    expect((await user.submit('/admin/role', { id, role: 'admin' })).status).toBe(403);
    const cross = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect((await admin.submit('/admin/sign-out', { id }, cross)).status).toBe(403);
    for (const other of [idOf('admin@example.com'), "'", '']) {
      await admin.submit('/admin/role', { id: other, role: 'member' });
      await admin.submit('/admin/sign-out', { id: other });
    }
    expect(await isSignedIn(user)).toBe(true);

    await admin.submit('/admin/sign-out', { id });
    expect(messageOf(await admin.load('/admin'))).toBe(
      'Sessions of user@example.com that were ended: 1',
    );
    expect(await isSignedIn(user)).toBe(false);
    expect(await isSignedIn(admin)).toBe(true);
    expect(await isSignedIn(await app.signIn('user@example.com'))).toBe(true);
  });

  it('deletes an account together with its sessions and links', async () => {
    const app = await Application.start(server.url);
    const email = 'delete@example.com';
    const [laptop, phone] = [await app.signUp(email), await app.signIn(email)];
    await app.browser().submit('/forgot', { email });
    const token = app.tokenFor(email);
    expect((await laptop.submit('/delete', { password: NEXT })).status).toBe(422);
    expect(locationOf(await laptop.submit('/delete', { password: PASSWORD }))).toBe('/sign-up');
    expect(laptop.cookie).toBeUndefined();
    expect(await isSignedIn(phone)).toBe(false);
    expect((await phone.submit('/sign-in', { email, password: PASSWORD })).status).toBe(422);
    await app.signUp(email);
    expect((await phone.submit('/reset', { token, password: NEXT })).status).toBe(422);
  });

  it('lists devices, and signs one or all others out', async () => {
    const app = await Application.start(server.url);
    const email = 'devices@example.com';
    const laptop = await app.signUp(email);
    const [phone, tablet] = [await app.signIn(email), await app.signIn(email)];
    const { text } = await laptop.load('/account');
    const sids = [...text.matchAll(/name="sid" value="([^"]+)"/g)].map(([, sid = '']) => sid);
    expect(sids).toHaveLength(3);
    await laptop.submit('/devices', { sid: sids[1] ?? '' });
    expect(await isSignedIn(phone)).toBe(false);
    expect(await isSignedIn(tablet)).toBe(true);
    await laptop.submit('/devices', { others: 'on' });
    expect(await isSignedIn(tablet)).toBe(false);
    expect(await isSignedIn(laptop)).toBe(true);
  });

  it('refuses further passwords of an account after ten wrong ones, and further mails after five', async () => {
    const app = await Application.start(server.url);
    const email = 'limit@example.com';
    const user = await app.signUp(email);
    const guesses = Array.from({ length: 11 }, () =>
      app.browser().submit('/sign-in', { email, password: NEXT }),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([...Array(10).fill(422), 429]);
    // The owner as well, until the time is over; another account is not concerned.
    expect((await app.browser().submit('/sign-in', { email, password: PASSWORD })).status).toBe(
      429,
    );
    await app.signUp('other@example.com');
    const own = Array.from({ length: 11 }, (_, n) =>
      user.submit('/delete', { email: `${n}@example.com`, password: NEXT }),
    );
    expect((await Promise.all(own)).map(({ status }) => status)).toContain(429);

    // The sign-up was the first.
    for (const expected of [303, 303, 303, 303, 429]) {
      expect((await app.browser().submit('/forgot', { email })).status).toBe(expected);
    }
  }, 60_000);

  it('serves pages without a script, and errors without details', async () => {
    const app = await Application.start(server.url);
    const user = await app.signUp('page@example.com');
    for (const path of ['/account', '/sign-in', '/sign-up', '/forgot', '/confirm', '/nowhere']) {
      const { text, headers } = await user.load(path);
      expect(text).not.toMatch(/<script|onclick|undefined/);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    }
    expect((await user.load('/nowhere')).status).toBe(404);
    expect((await user.load('/%E0%A4%A')).text).not.toContain('URIError');
    // NUL is no character of a text in PostgreSQL.
    const nul = { email: 'nul\0@example.com', password: PASSWORD };
    expect((await user.submit('/sign-in', nul)).status).toBe(422);
  });
});

it('npm start accounts signs up with a database in memory, prints its mails and stops', async () => {
  const example = await startProgram('accounts/dist/main.js', { ADMIN: 'ada@example.com' });
  const browser = new Browser(example.base);
  await browser.submit('/sign-up', { email: 'ada@example.com' });
  await expect.poll(() => example.stdout()).toMatch(/token=[\w-]{43}/);
  const token = /token=([\w-]{43})/.exec(example.stdout())?.[1] ?? '';
  await browser.submit('/confirm', { token, password: PASSWORD });
  expect((await browser.load('/admin')).text).toContain('ada@example.com');
  const { code, stderr } = await example.stop();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}, 60_000);
