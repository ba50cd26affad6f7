import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSessions, type Sessions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import type { BrowserContext, Page } from 'playwright-core';
import { type TestContext, vi } from 'vitest';
import { launchProfile } from '../../../../test/browser.js';
import type { RunningHost } from '../../../../test/kit.js';
import { type Front, startFront } from '../../../../test/pages/front.js';
import { startPages as express } from '../../../express/test/pages-app.js';
import { startPages as fastify } from '../../../fastify/test/pages-app.js';
import { startPages as hono } from '../../../hono/test/pages-app.js';
import { createDbsc } from '../../src/dbsc/dbsc.js';
import { openStore, type StoreKind } from './bound-stores.js';
import { SPKI_DIGEST, TLS } from './certificate.js';

const APPLICATIONS = { express, fastify, hono };

export type FrameworkName = keyof typeof APPLICATIONS;

export const FRAMEWORKS = Object.keys(APPLICATIONS) as readonly FrameworkName[];

/** How long a cookie lives here that a test lets run out. Milliseconds. */
export const BOUND_TTL_MS = 4_000;

/** What a site is made of. */
export interface SiteChoice {
  readonly framework: FrameworkName;
  readonly store: StoreKind;
}

export interface SiteOptions extends SiteChoice {
  /** Milliseconds. Default: `BOUND_TTL_MS`. */
  readonly boundTtl?: number;
  /** `false`: the application does not have the option `bound`. Default: `true`. */
  readonly isBinding?: boolean;
}

/** An application with bound sessions on `https://localhost`. */
export interface BoundSite {
  readonly front: Front;
  readonly sessions: Sessions;
  /** Whether sessions outlive the process of the application. */
  readonly outlives: boolean;
  /** The events that concern theft, by name. */
  readonly events: readonly string[];
  /** Launches a browser with a new profile, which may sign six proofs. */
  open(isEnabled?: boolean): Promise<BrowserContext>;
  /** How often the route of proofs returned a status. */
  proofs(status: number): number;
  /** Takes the store away. */
  fail(): Promise<void>;
  heal(): Promise<void>;
  /** Ends the application, and starts another on the same store. */
  restart(): Promise<void>;
}

/** Starts an application for the running test. */
export async function openBoundSite(
  options: SiteOptions,
  onTestFinished: TestContext['onTestFinished'],
): Promise<BoundSite> {
  const { framework, store: kind, boundTtl = BOUND_TTL_MS, isBinding = true } = options;
  const store = await openStore(kind);
  onTestFinished(() => store.close());
  const events: string[] = [];
  const pages = {
    notes: 0,
    show: (subject: string) => `${ICON}<p>Signed in as ${subject}</p>${FORMS}`,
  };
  const bound = isBinding ? { bound: createDbsc({ boundTtl: boundTtl / 1_000 }, 1_000) } : {};
  let sessions: Sessions;

  async function start(): Promise<RunningHost> {
    sessions = createSessions({ store: await store.connect(), logger: silentLogger });
    for (const name of ['reuse', 'unbound-use'] as const) {
      sessions.on(name, () => void events.push(name));
    }
    const http = { transport: 'cookie' as const, afterLogout: '/bye', ...bound };
    return APPLICATIONS[framework]({ sessions, options: http, pages, port: 0 });
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
    outlives: store.outlives,
    fail: store.fail,
    heal: store.heal,
    get sessions() {
      return sessions;
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
      front.seen.filter((seen) => seen.line === BIND && seen.status === status).length,
    async restart() {
      await host.close();
      host = await start();
      front.target = host.url;
    },
  };
}

/** The request with which a browser registers its key and renews its cookie. */
export const BIND = 'POST /session/bind';

const FEATURES = 'DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting';

/** Without it, a browser asks for one, which makes it renew the cookie once more. */
const ICON = '<!doctype html><link rel="icon" href="data:,">';

const FORMS = ['/again', '/session/logout']
  .map((path) => `<form method="post" action="${path}"><button>${path}</button></form>`)
  .join('');

/** Signs in, and waits until the browser has registered its key. */
export async function signIn(site: BoundSite, context: BrowserContext): Promise<Page> {
  const tab = await context.newPage();
  const before = site.proofs(200);
  await submitSignIn(site, tab);
  await untilProofs(site, before + 1);
  return tab;
}

/** Signs in by the form of the page. */
export async function submitSignIn(site: BoundSite, tab: Page): Promise<void> {
  await tab.goto(`${site.front.origin}/page`);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await tab.waitForURL('**/page');
}

/** Presses a button of the guarded page, and waits for where it leads. */
export async function press(tab: Page, path: '/again' | '/session/logout'): Promise<void> {
  await tab.getByRole('button', { name: path }).click();
  await tab.waitForURL(path === '/again' ? '**/page' : '**/bye');
}

/** Waits until so many proofs have been accepted. */
export function untilProofs(site: BoundSite, count: number): Promise<boolean> {
  return vi.waitUntil(() => site.proofs(200) >= count, { timeout: 20_000 });
}

/** Waits until the cookie has run out, which a renewal that was under way may have put off. */
export async function untilExpired(tab: Page): Promise<void> {
  const isGone = async () => (await tab.context().cookies()).length === 0;
  await vi.waitUntil(isGone, { timeout: 30_000 });
}

/** Waits until the cookie has run out, loads the guarded page, and returns what it shows. */
export async function loadExpired(site: BoundSite, tab: Page): Promise<string> {
  await untilExpired(tab);
  return load(site, tab);
}

/** Lets a time pass, loads the guarded page, and returns what it shows. Milliseconds. */
export async function loadAfter(site: BoundSite, tab: Page, time: number): Promise<string> {
  await pause(time);
  return load(site, tab);
}

/** Loads the guarded page, and returns what it shows: the user, or where the browser was sent. */
export async function load(site: BoundSite, tab: Page): Promise<string> {
  const response = await tab.goto(`${site.front.origin}/page`);
  if (response?.status() !== 200) return String(response?.status());
  const path = new URL(tab.url()).pathname;
  return path === '/page' ? ((await tab.locator('p').textContent()) ?? '') : path;
}

/** Returns the statuses of requests of a script, which are sent at once. */
export function fetchParts(tab: Page, count: number): Promise<number[]> {
  return tab.evaluate(
    (times) =>
      Promise.all(Array.from({ length: times }, () => fetch('/part').then(({ status }) => status))),
    count,
  );
}
