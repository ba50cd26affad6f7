import { openStandalone, requireServer, startRedisServer } from '@sess/test-servers';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { sendRequest } from '../kit.js';
import { TOKEN_MODES } from '../token-modes.js';
import { startExample } from './process.js';

async function login(base: string) {
  const answer = await sendRequest(`${base}/login`, { method: 'POST', body: { user: 'ada' } });
  const { access_token: token } = JSON.parse(answer.text) as { access_token: string };
  const cookie = answer.setCookies[0]?.split(';')[0] ?? '';
  return {
    bearer: ['Authorization', `Bearer ${token}`] as const,
    jar: ['Cookie', cookie] as const,
  };
}

/** Runs the demo on a real Redis, with several processes and a server that becomes unreachable. */
export function redisSuite(name: string): void {
  const servers = inject('servers');

  async function startOn(url: string, more: Record<string, string> = {}) {
    const example = await startExample(name, { REDIS_URL: url, ...more });
    onTestFinished(async () => void (await example.stop()));
    return example;
  }

  describe('two processes of the demo on one Redis', () => {
    it('two processes share sessions: refresh in A, verify in B, sign out in B, refused in A', async () => {
      const server = await openStandalone(servers);
      onTestFinished(() => server.stop());
      const [a, b] = [await startOn(server.url), await startOn(server.url)];
      const { jar } = await login(a.base);
      const refreshed = await sendRequest(`${a.base}/session/refresh`, {
        method: 'POST',
        headers: [jar],
      });
      const { access_token: token } = JSON.parse(refreshed.text) as { access_token: string };
      const bearer = ['Authorization', `Bearer ${token}`] as const;
      expect((await sendRequest(`${b.base}/me`, { headers: [bearer] })).status).toBe(200);
      const out = await sendRequest(`${b.base}/session/logout`, {
        method: 'POST',
        headers: [bearer],
      });
      expect(out.status).toBe(204);
      expect((await sendRequest(`${a.base}/me`, { headers: [bearer] })).status).toBe(401);
    });

    it.each(TOKEN_MODES)(
      'a sign-out in one process takes effect in the other, with %s tokens',
      async (mode) => {
        const server = await openStandalone(servers);
        onTestFinished(() => server.stop());
        const settings = {
          ACCESS_TOKENS: mode,
          JWT_SECRET: 'a secret that both processes share, 32+',
        };
        const [a, b] = [await startOn(server.url, settings), await startOn(server.url, settings)];
        const { bearer } = await login(a.base);
        const ask = async () => (await sendRequest(`${b.base}/me`, { headers: [bearer] })).status;
        expect(await ask()).toBe(200);
        await sendRequest(`${a.base}/session/logout`, { method: 'POST', headers: [bearer] });
        const answered = performance.now();
        let asked = 1;
        while ((await ask()) !== 401 && performance.now() - answered < 5_000) asked += 1;
        const took = (performance.now() - answered).toFixed(1);
        console.log(
          `${name}, ${mode}: refused elsewhere ${took} ms after the sign-out, at request ${asked}`,
        );
        // Both processes ask Redis for every request, so there is no delay.
        expect(asked).toBe(1);
      },
    );

    it('users stay signed in across a restart of the process', async () => {
      const server = await openStandalone(servers);
      onTestFinished(() => server.stop());
      const before = await startOn(server.url);
      const { bearer, jar } = await login(before.base);
      expect((await before.stop()).code).toBe(0);
      const after = await startOn(server.url);
      expect((await sendRequest(`${after.base}/me`, { headers: [bearer] })).status).toBe(200);
      const refreshed = await sendRequest(`${after.base}/session/refresh`, {
        method: 'POST',
        headers: [jar],
      });
      expect(refreshed.status).toBe(200);
    });
  });

  describe('the demo without a reachable Redis', () => {
    it('the demo starts without Redis, responds with 503, and recovers without a restart [store.fault]', async () => {
      const server = await startRedisServer({ binary: requireServer(servers.redis) });
      onTestFinished(() => server.stop());
      const example = await startOn(server.url);
      const { bearer } = await login(example.base);
      await server.kill('SIGKILL');
      const refused = await sendRequest(`${example.base}/me`, { headers: [bearer] });
      expect(refused.status).toBe(503);
      expect(refused.headers['retry-after']).toBe('1');
      expect((await sendRequest(`${example.base}/public`)).status).toBe(200);
      await server.restart();
      await expect
        .poll(
          async () =>
            (await sendRequest(`${example.base}/login`, { method: 'POST', body: { user: 'ada' } }))
              .status,
          {
            timeout: 10_000,
          },
        )
        .toBe(200);
      const { code, stderr } = await example.stop();
      expect(code).toBe(0);
      expect(stderr).toMatch(/redis: (not to be reached|the connection is lost)/);
      expect(stderr).toContain('redis: back');
    });
  });
}
