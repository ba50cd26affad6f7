import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { expect, onTestFinished } from 'vitest';
import { type Answer, Browser, locationOf } from '../../../test/demo/form-browser.js';
import { createApp } from '../src/app.js';
import { type Database, openDatabase } from '../src/database.js';
import type { Mail } from '../src/mails.js';

const ADMIN = 'admin@example.com';
export const PASSWORD = 'correct horse battery';

/** The application on a database, and the mails that it has sent. */
export class Application {
  readonly #base: string;
  readonly #outbox: readonly Mail[];
  readonly db: Database;

  private constructor(base: string, outbox: readonly Mail[], db: Database) {
    this.#base = base;
    this.#outbox = outbox;
    this.db = db;
  }

  /** Starts it, until the test ends. @param around wraps the database, for a test that stops one of its queries */
  static async start(
    url: string,
    around: (db: Database) => Database = (db) => db,
  ): Promise<Application> {
    const { db, store, close } = await openDatabase(url);
    const sessions = createSessions({ store });
    const outbox: Mail[] = [];
    const mailer = { send: async (mail: Mail) => void outbox.push(mail) };
    const origin = 'https://accounts.example';
    const app = createApp({ db: around(db), sessions, mailer, origin, admin: ADMIN });
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await sessions.close();
      await close();
    });
    const { port } = server.address() as AddressInfo;
    return new Application(`http://127.0.0.1:${port}`, outbox, db);
  }

  browser(): Browser {
    return new Browser(this.#base);
  }

  /** The newest mail to an address. */
  mailTo(address: string): Mail {
    const mail = this.#outbox.findLast(({ to }) => to === address);
    if (mail === undefined) throw new Error(`expected a mail to ${address}`);
    return mail;
  }

  /** The token of the link in the newest mail to an address. */
  tokenFor(address: string): string {
    return /[?]token=([\w-]{43})$/m.exec(this.mailTo(address).text)?.[1] ?? 'no token';
  }

  /** Signs up, and returns the browser that is signed in. */
  async signUp(email: string): Promise<Browser> {
    const browser = this.browser();
    expect(locationOf(await browser.submit('/sign-up', { email }))).toBe('/sign-up');
    const form = { token: this.tokenFor(email), password: PASSWORD };
    expect(locationOf(await browser.submit('/confirm', form))).toBe('/account');
    return browser;
  }

  signUpAdmin(): Promise<Browser> {
    return this.signUp(ADMIN);
  }

  /** Signs in from another browser. */
  async signIn(email: string, password = PASSWORD): Promise<Browser> {
    const browser = this.browser();
    expect(locationOf(await browser.submit('/sign-in', { email, password }))).toBe('/account');
    return browser;
  }
}

/** The message that a page shows. */
export function messageOf({ text }: Answer): string | undefined {
  return /<p role="status">(.*)<\/p>/.exec(text)?.[1];
}

/** True if the browser is signed in. */
export async function isSignedIn(browser: Browser): Promise<boolean> {
  const account = await browser.load('/account');
  if (account.status === 200) return true;
  expect(locationOf(account)).toBe('/sign-in?return_to=%2Faccount');
  return false;
}
