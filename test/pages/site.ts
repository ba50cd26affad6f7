import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import type { SessionStore } from '@sess/core/store';
import { silentLogger } from '@sess/testkit';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { startPages as express } from '../../packages/express/test/pages-app.js';
import { startPages as fastify } from '../../packages/fastify/test/pages-app.js';
import { startPages as hono } from '../../packages/hono/test/pages-app.js';
import { startPagesRedis } from '../../packages/redis/test/pages-store.js';
import type { RunningHost } from '../kit.js';
import { type Front, startFront } from './front.js';
import { createPages, type Pages } from './html.js';

const APPLICATIONS = { express, fastify, hono };

/** The frameworks whose adapters the browser tests run. */
export const FRAMEWORKS = Object.keys(APPLICATIONS) as (keyof typeof APPLICATIONS)[];
/** Where their sessions are kept. */
export const STORES = ['memory', 'redis'] as const;

/** An application behind a front, and a browser context that has no cookie yet. */
export interface Site {
  readonly front: Front;
  readonly pages: Pages;
  readonly context: BrowserContext;
  /** The `reuse` events of all engines. */
  readonly reuse: readonly unknown[];
  /** Opens a tab, signs in by the form, and returns it with the guarded page. */
  signIn(): Promise<Page>;
  /** Ends the application as a crash does: connections break, and what it kept in memory is lost. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

/** What a site is made of. */
export interface SiteSetup {
  readonly framework: keyof typeof APPLICATIONS;
  readonly store?: (typeof STORES)[number];
  readonly engine?: SessionsOptions;
  readonly protocol?: HttpOptions;
  /** Added to the head of the guarded page. */
  readonly head?: string;
}

/** Starts a site for the running test. */
export async function openSite(
  { framework, store = 'memory', engine, protocol, head }: SiteSetup,
  { browser, onTestFinished }: { browser: Browser } & Pick<TestContext, 'onTestFinished'>,
): Promise<Site> {
  const redis = store === 'redis' ? await startPagesRedis() : undefined;
  const openStore = (): SessionStore => redis?.openStore() ?? memoryStore();
  const pages = createPages(head);
  const reuse: unknown[] = [];

  async function start(): Promise<RunningHost> {
    const sessions = createSessions({ store: openStore(), logger: silentLogger, ...engine });
    sessions.on('reuse', (event) => void reuse.push(event));
    const options: HttpOptions = { transport: 'cookie', afterLogout: '/bye', ...protocol };
    return APPLICATIONS[framework]({ sessions, options, pages, port: 0 });
  }

  let host = await start();
  const front = await startFront(host.url);
  const context = await browser.newContext();
  onTestFinished(async () => {
    await context.close();
    front.close();
    await host.close();
    await redis?.stop();
  });
  return {
    front,
    pages,
    context,
    reuse,
    async signIn() {
      const tab = await context.newPage();
      await tab.goto(`${front.origin}/page`);
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await readParts(tab);
      return tab;
    },
    kill: () => host.close(),
    async startAgain() {
      host = await start();
      front.target = host.url;
    },
  };
}

/** Returns the statuses of the parts of a page, without repetitions, when all have one. */
export async function readParts(tab: Page): Promise<string> {
  await tab.waitForFunction(() => document.title.startsWith('parts'));
  return (await tab.title()).slice('parts '.length);
}

/** Serves one page of another site, and returns its origin. `localhost` is the site of the front, `127.0.0.1` is not. */
export async function servePage(
  html: string,
  {
    host,
    onTestFinished,
  }: { host: 'localhost' | '127.0.0.1' } & Pick<TestContext, 'onTestFinished'>,
): Promise<string> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html').end(html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}
