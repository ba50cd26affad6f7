import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { silentLogger } from '@sess/testkit';
import express, { type RequestHandler } from 'express';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../test/browser.js';

/** Serves handlers on a free port of `localhost`, until the test ends, and returns the origin. */
async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler).listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** Starts an application with the routes of a guide: pages by cookie, a password that every user has, and who is signed in. */
export async function openSite(
  createRoutes: (origin: string) => RequestHandler | Promise<RequestHandler>,
): Promise<string> {
  const sessions = createSessions({ logger: silentLogger });
  const app = express();
  app.use(sessionMiddleware(sessions, { transport: 'cookie' }));
  app.use(express.urlencoded(), express.json());
  const origin = await listen(app);
  app.get('/', (req, res) => {
    const { subject = null, acr = null, amr = null } = req.session ?? {};
    res.json({ subject, acr, amr });
  });
  app.get('/sign-in', (_req, res) => res.send('<h1>Sign in</h1>'));
  app.post('/sign-in', async (req, res) => {
    await req.sessions.start({ subject: String(req.body.user), amr: ['pwd'] });
    res.redirect(303, '/');
  });
  app.get(
    '/private',
    requireSession({ redirectTo: '/sign-in' }),
    (req, res) => void res.send(`private page of ${req.session?.subject}`),
  );
  app.use(await createRoutes(origin), sessionErrors());
  return origin;
}

/** Describes tests in Chromium, or skips them with the reason. `openPage` opens a page of a browser without cookies. */
export function describeInChromium(
  subject: string,
  body: (openPage: () => Promise<Page>) => void,
): void {
  const skipped = whyNoBrowser === undefined ? '' : ` (skipped: ${whyNoBrowser})`;
  describe.skipIf(skipped !== '')(`${subject} in Chromium${skipped}`, { timeout: 60_000 }, () => {
    let browser: Browser;
    beforeAll(async () => {
      if (whyNoBrowser === undefined) browser = await launchBrowser();
    }, 60_000);
    afterAll(() => browser?.close());
    body(async () => {
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      return context.newPage();
    });
  });
}

/** Returns the user whom the application sees by the cookies of a page; `null` for a visitor. */
export async function whoIs(page: Page, origin: string): Promise<unknown> {
  return ((await (await page.request.get(`${origin}/`)).json()) as { subject: unknown }).subject;
}
