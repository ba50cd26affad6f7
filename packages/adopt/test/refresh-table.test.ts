import { adopt, refreshTable } from '@sess/adopt';
import { createClient } from '@sess/client';
import { adoptToken } from '@sess/client/adopt';
import { createSessions, memoryStore, type TokenResponse } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import { createFakeClock, createFaultyStore, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createNewApplication, listen } from './applications.js';
import { ask, createJar } from './jar.js';

const OLD = 'an-old-refresh-token';

/** A table with one live refresh token, and the new application on a socket. */
async function arrange(options: HttpOptions = {}) {
  const table = new Map([[OLD, 'ada']]);
  /** The tokens with which the table was asked. */
  const asked = new Set<string>();
  const clock = createFakeClock();
  const { store, fail, heal } = createFaultyStore(memoryStore({ clock }));
  const sessions = createSessions({ store, clock, logger: silentLogger });
  const from = refreshTable<{ readonly userId: string }>({
    async find(token) {
      asked.add(token);
      const userId = table.get(token);
      return userId === undefined ? undefined : { data: { userId } };
    },
    async end(token) {
      asked.add(token);
      table.delete(token);
    },
  });
  const secret = 'key material of thirty-two bytes or more';
  const takeOver = adopt(sessions, { from, secret, subject: ({ userId }) => userId });
  const app = createNewApplication(sessions, { adopt: takeOver, ...options });
  return { table, asked, clock, fail, heal, sessions, base: await listen(app) };
}

describe('refreshTable with adoptToken of the client, on Express', () => {
  /** A page that keeps the old token itself. Responses can be lost on their way to it. */
  async function openPage() {
    const { base, ...server } = await arrange();
    let token: string | null = OLD;
    const jar = createJar();
    const lost: number[] = [];
    let refreshes = 0;
    const send: typeof fetch = async (input, init) => {
      const { url, method, headers } = new Request(input, init);
      const isRefresh = url.endsWith('/refresh');
      refreshes += isRefresh ? 1 : 0;
      const isLost = isRefresh && lost.includes(refreshes);
      const answer = await ask(jar, url, { method, headers: Object.fromEntries(headers), isLost });
      if (isLost) throw new TypeError('fetch failed');
      const body = answer.status === 204 ? null : JSON.stringify(answer.body);
      return new Response(body, { status: answer.status });
    };
    const forget = () => {
      token = null;
    };
    const client = createClient({
      baseUrl: base,
      environment: { fetch: adoptToken({ token: () => token, forget, fetch: send }) },
    });
    async function whoIs(): Promise<unknown> {
      return ((await (await client.fetch(`${base}/me`)).json()) as { readonly user: unknown }).user;
    }
    return { ...server, client, whoIs, lost, hasToken: () => token !== null };
  }

  it('a page signs in with its old token, which is forgotten together with its row', async () => {
    const page = await openPage();
    expect(await page.whoIs()).toBe('ada');
    expect([page.hasToken(), page.table.size]).toEqual([false, 0]);
    expect(await page.sessions.list('ada')).toHaveLength(1);
    await page.client.refresh();
    expect(await page.whoIs()).toBe('ada');
    await page.client.logout();
    expect(await page.sessions.list('ada')).toEqual([]);
    expect([...page.asked]).toEqual([OLD]);
  });

  it.each([[[1]], [[2]], [[1, 2]], [[1, 3]]])(
    'a page whose refreshes %j get no response stays signed in, with one session',
    async (lost) => {
      const page = await openPage();
      page.lost.push(...lost);
      for (let attempt = 0; attempt < 4; attempt += 1) {
        await page.client.refresh().catch(() => undefined);
        page.clock.advance('1m');
      }
      expect(await page.whoIs()).toBe('ada');
      expect([page.hasToken(), page.table.size]).toEqual([false, 0]);
      expect(await page.sessions.list('ada')).toHaveLength(1);
    },
  );

  it('a page keeps its old token while the server fails, and is signed out by a revoked one', async () => {
    const page = await openPage();
    page.fail();
    await expect(page.client.refresh()).rejects.toMatchObject({ status: 503 });
    expect([page.hasToken(), page.table.size]).toEqual([true, 1]);
    const other = await openPage();
    other.table.clear();
    expect(await other.client.refresh()).toBe(false);
    expect(other.client.signedIn).toBe(false);
  });
});

describe('refreshTable by the body of a refresh, on Express', () => {
  async function openClient() {
    const { base, ...server } = await arrange({ refreshTransport: 'body' });
    const post = (path: string, token: string) =>
      ask(createJar(), base + path, { method: 'POST', body: { refresh_token: token } });
    async function refresh(token: string): Promise<TokenResponse & { refresh_token: string }> {
      const { status, body } = await post('/session/refresh', token);
      expect(status).toBe(200);
      return body as TokenResponse & { refresh_token: string };
    }
    async function whoIs({ access_token }: TokenResponse): Promise<unknown> {
      const headers = { authorization: `Bearer ${access_token}` };
      return ((await ask(createJar(), `${base}/me`, { headers })).body as { user: unknown }).user;
    }
    return { ...server, post, refresh, whoIs };
  }

  it('parallel and repeated refreshes with one old token get one session', async () => {
    const { refresh, whoIs, sessions } = await openClient();
    const parallel = await Promise.all(Array.from({ length: 20 }, () => refresh(OLD)));
    const repeated = await refresh(OLD);
    for (const tokens of [...parallel, repeated]) expect(await whoIs(tokens)).toBe('ada');
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(await whoIs(await refresh(repeated.refresh_token))).toBe('ada');
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('an old token that comes back after the new one was used is refused, and its row ends', async () => {
    const { refresh, post, whoIs, table, asked, clock, sessions } = await openClient();
    let tokens = await refresh(OLD);
    clock.advance('1m');
    tokens = await refresh(tokens.refresh_token);
    clock.advance('10m');
    expect((await post('/session/refresh', OLD)).status).toBe(401);
    expect(table.size).toBe(0);
    expect(await whoIs(await refresh(tokens.refresh_token))).toBe('ada');
    expect(await sessions.list('ada')).toHaveLength(1);
    // Tokens of the new session are no credentials of the old system.
    expect([...asked]).toEqual([OLD]);
  });

  it.each(['the old token', 'the new one'])(
    'a sign-out with %s ends the session, and neither token revives it',
    async (which) => {
      const { refresh, post, table, asked, sessions, clock } = await openClient();
      const { refresh_token: own } = await refresh(OLD);
      const isOld = which === 'the old token';
      expect((await post('/session/logout', isOld ? OLD : own)).status).toBe(204);
      expect(await sessions.list('ada')).toEqual([]);
      for (const token of [OLD, own]) {
        expect((await post('/session/refresh', token)).status).toBe(401);
      }
      clock.advance('1d');
      expect((await post('/session/refresh', OLD)).status).toBe(401);
      expect(await sessions.list('ada')).toEqual([]);
      expect([table.size, ...asked]).toEqual([0, OLD]);
    },
  );

  it('an unknown token and one that is too long are refused, and a failing table is no refusal', async () => {
    const { post, refresh, table, fail, heal } = await openClient();
    for (const token of ['unknown', 'x'.repeat(5_000)]) {
      expect((await post('/session/refresh', token)).status).toBe(401);
    }
    fail();
    expect((await post('/session/refresh', OLD)).status).toBe(503);
    heal();
    expect(table.size).toBe(1);
    await refresh(OLD);
  });
});
