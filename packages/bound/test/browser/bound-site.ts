import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSessions, memoryStore } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { failFast, redisStore } from '@sess/redis';
import { postgresStore } from '@sess/sql/postgres';
import { requireServer, startPostgres, startRedisServer } from '@sess/test-servers';
import { createFaultyStore, silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { BrowserContext, Page } from 'playwright-core';
import { inject, type TestContext } from 'vitest';
import { launchProfile } from '../../../../test/browser.js';
import type { FaultyStore, RunningHost } from '../../../../test/kit.js';
import { type Front, startFront } from '../../../../test/pages/front.js';
import { startPages as express } from '../../../express/test/pages-app.js';
import { startPages as fastify } from '../../../fastify/test/pages-app.js';
import { startPages as hono } from '../../../hono/test/pages-app.js';
import { createDbsc } from '../../src/dbsc/dbsc.js';
import { SPKI_DIGEST, TLS } from './certificate.js';

const APPLICATIONS = { express, fastify, hono };

export const FRAMEWORKS = Object.keys(APPLICATIONS) as (keyof typeof APPLICATIONS)[];

/** How long a cookie lives here. Milliseconds. */
export const BOUND_TTL_MS = 4_000;

type Finish = TestContext['onTestFinished'];

/** An application with bound sessions on `https://localhost`. */
export interface BoundSite {
  readonly front: Front;
  readonly store: FaultyStore;
  /** The events that concern theft, by name. */
  readonly events: readonly string[];
  /** Launches a browser with a new profile, which may sign six proofs. */
  open(isEnabled?: boolean): Promise<BrowserContext>;
  /** How often the route of proofs returned a status. */
  proofs(status: number): number;
  /** Ends the process of the application as far as it has one, and starts another on the same store. */
  restart(): Promise<void>;
}

const STORES = {
  memory: async () => {
    const store = memoryStore();
    return () => store;
  },
  async redis(onTestFinished: Finish) {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    const clients: Redis[] = [];
    onTestFinished(async () => {
      for (const client of clients) client.disconnect();
      await server.stop();
    });
    return () => {
      const options = { ...failFast, enableOfflineQueue: true, commandTimeout: 20_000 };
      const client = new Redis(server.url, options);
      clients.push(client);
      return redisStore(client, { timeout: 20 });
    };
  },
  async postgres(onTestFinished: Finish) {
    const server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url });
    onTestFinished(async () => {
      await pool.end();
      await server.stop();
    });
    await postgresStore(pool).migrate();
    return () => postgresStore(pool);
  },
} satisfies Record<string, (onTestFinished: Finish) => Promise<() => SessionStore>>;

/** Starts an application for the running test. */
export async function openBoundSite(
  given: {
    readonly framework: keyof typeof APPLICATIONS;
    readonly store?: keyof typeof STORES;
    readonly boundTtl?: number;
  },
  onTestFinished: Finish,
): Promise<BoundSite> {
  const { framework, store: kind = 'memory', boundTtl = BOUND_TTL_MS } = given;
  const openStore = await STORES[kind](onTestFinished);
  const events: string[] = [];
  const pages = {
    notes: 0,
    show: (subject: string) => `${ICON}<p>Signed in as ${subject}</p>${FORMS}`,
  };
  let store = createFaultyStore(openStore());

  async function start(): Promise<RunningHost> {
    store = createFaultyStore(openStore());
    const sessions = createSessions({ store: store.store, logger: silentLogger });
    for (const name of ['reuse', 'unbound-use'] as const) {
      sessions.on(name, () => void events.push(name));
    }
    const bound = createDbsc({ boundTtl: boundTtl / 1_000 }, 1_000);
    const options = { transport: 'cookie' as const, afterLogout: '/bye', bound };
    return APPLICATIONS[framework]({ sessions, options, pages, port: 0 });
  }

  let host = await start();
  const front = await startFront(host.url, TLS);
  onTestFinished(async () => {
    front.close();
    await host.close();
  });
  return {
    front,
    events,
    get store() {
      return store;
    },
    async open(isEnabled = true) {
      const folder = await mkdtemp(join(tmpdir(), 'sess-profile-'));
      const context = await launchProfile(folder, [
        `--ignore-certificate-errors-spki-list=${SPKI_DIGEST}`,
        isEnabled ? `--enable-features=${FEATURES}` : '--disable-features=DeviceBoundSessions',
      ]);
      onTestFinished(async () => {
        await context.close();
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      });
      return context;
    },
    proofs: (status) =>
      front.seen.filter((seen) => seen.line === 'POST /session/bind' && seen.status === status)
        .length,
    async restart() {
      await host.close();
      host = await start();
      front.target = host.url;
    },
  };
}

const FEATURES = 'DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting';

/** Without it, a browser asks for one, which makes it renew the cookie once more. */
const ICON = '<!doctype html><link rel="icon" href="data:,">';

const FORMS = ['/again', '/session/logout']
  .map((path) => `<form method="post" action="${path}"><button>${path}</button></form>`)
  .join('');

/** Signs in, and waits until the browser has registered its key and presented the cookie. */
export async function signIn(site: BoundSite, context: BrowserContext): Promise<Page> {
  const tab = await context.newPage();
  const before = site.proofs(200);
  await tab.goto(`${site.front.origin}/page`);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await tab.waitForURL('**/page');
  while (site.proofs(200) === before) await pause(20);
  return tab;
}

/** Waits until a cookie has run out, loads the guarded page, and returns what it shows. */
export async function loadAfter(site: BoundSite, tab: Page, ttl = BOUND_TTL_MS): Promise<string> {
  await pause(ttl + 300);
  return load(site, tab);
}

/** Loads the guarded page, and returns what it shows: the user, or where the browser was sent. */
export async function load(site: BoundSite, tab: Page): Promise<string> {
  const response = await tab.goto(`${site.front.origin}/page`);
  if (response?.status() !== 200) return String(response?.status());
  const path = new URL(tab.url()).pathname;
  return path === '/page' ? ((await tab.locator('p').textContent()) ?? '') : path;
}
