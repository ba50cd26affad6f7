import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions, type Session } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/express';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient, type RefreshTokenStorage } from '../src/index.js';

/** An API with a real engine on a real socket, which loses the answers of renewals when it is told to. */
async function startApi(options: { accessTtl?: '1s' } = {}) {
  const sessions = createSessions(options);
  const app = express();
  let toLose = 0;
  let renewals = 0;
  app.use((req, res, next) => {
    if (req.path === '/session/refresh') {
      renewals += 1;
      // Carried out, and never heard of.
      if (toLose > 0) res.end = () => res.destroy();
      toLose -= 1;
    }
    next();
  });
  app.use(sessionMiddleware(sessions, { routes: 'all', refreshTransport: 'body' }));
  app.post('/login', async (req, res) => {
    res.json(await req.sessions.start({ subject: `${req.query['user']}` }));
  });
  app.all(
    '/me',
    requireSession((req, res) => res.json(req.session)),
  );
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await sessions.close();
  });
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    lose: (count: number) => {
      toLose = count;
    },
    countRenewals: () => renewals,
  };
}

function createStorage(): RefreshTokenStorage & { readonly content: string | undefined } {
  let content: string | undefined;
  return {
    get content() {
      return content;
    },
    get: () => content,
    set: (token) => {
      content = token;
    },
    remove: () => {
      content = undefined;
    },
  };
}

async function signIn(base: string) {
  const storage = createStorage();
  const client = createClient({ baseUrl: base, storage });
  const answer = await client.fetch('/login?user=ada', { method: 'POST' });
  await client.start((await answer.json()) as never);
  return { client, storage };
}

describe('in Node, with a real engine and without cookies', () => {
  it('signs a user in, lists the sessions and signs out', async () => {
    const { base } = await startApi();
    const { client, storage } = await signIn(base);
    const me = (await (await client.fetch('/me')).json()) as Session;
    expect(me.subject).toBe('ada');
    expect(await client.sessions.list()).toMatchObject([{ sid: me.sid, current: true }]);
    expect(storage.content).toMatch(/^srt_/);
    await client.logout();
    expect(storage.content).toBeUndefined();
    expect((await client.fetch('/me')).status).toBe(401);
  });

  it('stays signed in over a restart of the application', async () => {
    const { base } = await startApi();
    const { storage } = await signIn(base);
    const later = createClient({ baseUrl: base, storage });
    expect((await later.fetch(`${base}/me`)).status).toBe(200);
    expect(later.signedIn).toBe(true);
  });

  it('renews once for ten requests with a refused token', async () => {
    const { base, sessions, countRenewals } = await startApi();
    const { client, storage } = await signIn(base);
    // Somebody else with the same token renews, and re-authenticates: the token held here is dead.
    const [listed] = await client.sessions.list();
    const issued = await sessions.elevate((await sessions.get(listed?.sid ?? '')) as Session);
    await storage.set(issued?.refreshToken ?? '');
    await sessions.verify(issued?.accessToken);
    const all = Array.from({ length: 10 }, () => client.fetch('/me'));
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(countRenewals()).toBe(1);
  });

  it('stays signed in when the response to a renewal is lost twice', async () => {
    const { base, lose, countRenewals } = await startApi();
    const { client } = await signIn(base);
    lose(2);
    expect(await client.refresh()).toBe(true);
    expect(countRenewals()).toBe(3);
    expect((await client.fetch('/me')).status).toBe(200);
    expect(await client.refresh()).toBe(true);
  });

  it('sends forms and streams', async () => {
    const { base } = await startApi();
    const { client } = await signIn(base);
    const form = new FormData();
    form.set('name', 'value');
    expect((await client.fetch('/me', { method: 'POST', body: form })).status).toBe(200);
    const stream = { method: 'POST', body: new Blob(['one']).stream(), duplex: 'half' };
    expect((await client.fetch('/me', stream as RequestInit)).status).toBe(200);
    const request = new Request(`${base}/me`, { method: 'PUT', body: 'one' });
    expect((await client.fetch(request)).status).toBe(200);
  });

  it('is signed out when the session has ended elsewhere', async () => {
    const { base, sessions } = await startApi();
    const { client, storage } = await signIn(base);
    await sessions.revokeAll('ada');
    expect((await client.fetch('/me')).status).toBe(401);
    expect(client.signedIn).toBe(false);
    expect(storage.content).toBeUndefined();
  });
});

describe('a client in a process', () => {
  /** Runs a program with the built client. Returns its exit code and its output. */
  async function run(program: string): Promise<{ code: number | null; output: string }> {
    const entry = new URL('../dist/index.js', import.meta.url).href;
    const source = `import { createClient } from '${entry}';\n${program}`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const timer = setTimeout(() => child.kill(), 10_000);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return { code, output };
  }

  it('ends neither it nor keeps it alive, when its promises are dropped and the API is away', async () => {
    const { code, output } = await run(`
      const client = createClient({ baseUrl: 'http://127.0.0.1:1' });
      void client.refresh();
      void client.logout();
      await client.start({ access_token: 'sat_' + 'a'.repeat(32) + '.x', expires_in: 900 });
      await client.fetch('/me').catch(() => {});
      console.log('still here');
    `);
    expect({ code, output }).toEqual({ code: 0, output: 'still here\n' });
  });

  it('hears nothing of the clients in other threads, also with a DOM shim', async () => {
    const { code, output } = await run(`
      import { isMainThread, Worker } from 'node:worker_threads';
      import { setTimeout } from 'node:timers/promises';
      globalThis.location = new URL('https://app.example.com/');
      globalThis.document = { baseURI: location.href };
      const client = createClient({ baseUrl: 'https://api.example.com' });
      const other = new Worker(
        \`import('${new URL('../dist/index.js', import.meta.url).href}').then(({ createClient }) => {
          globalThis.location = new URL('https://app.example.com/');
          const client = createClient({ baseUrl: 'https://api.example.com' });
          return client.start({ access_token: 'sat_' + 'b'.repeat(32) + '.x', expires_in: 900 });
        })\`,
        { eval: true },
      );
      await new Promise((resolve) => other.on('exit', resolve));
      await setTimeout(100);
      console.log(client.signedIn);
    `);
    expect({ code, output }).toEqual({ code: 0, output: 'undefined\n' });
  });
});
