import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { accessTokenOf, Client } from './client.js';
import { expectProblem } from './face-suite.js';
import { runExample, startExample } from './process.js';

const COOKIE = '__Host-sess';

/** Runs the demo as a process: settings, a session from sign-in to sign-out, shutdown. */
export function lifecycleSuite(name: string): void {
  describe.concurrent('a start with unusable settings ends with one line that names the setting', () => {
    it.each([
      [
        'ACCESS_TTL',
        'soon',
        /^ACCESS_TTL: expected a duration, got "soon"\. Write for instance '15m'/,
      ],
      ['IDLE_TTL', '500d', /^IDLE_TTL: expected at most '400d', got "500d"\./],
      ['GRACE', '2h', /^GRACE: expected at most '1h', got .2h./],
      ['PORT', 'x', /^PORT: 'x' is not a port\. Write a number/],
      ['ACCESS_TOKENS', 'magic', /^ACCESS_TOKENS: .* Write opaque, jwt or stateless/],
      ['JWT_SECRET', 'too short', /^JWT_SECRET is under 32 bytes/],
      [
        'REDIS_URL',
        'localhost:hush',
        /^REDIS_URL: this is no address of a Redis server\. Write for instance redis:/,
      ],
    ])('%s=%s', async (variable, value, message) => {
      const { code, stdout, stderr } = await runExample(name, { [variable]: value });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr.match(/\n/g)).toHaveLength(1);
      expect(stderr).not.toMatch(/hush|too short/);
    });

    const REDIS = { REDIS_URL: 'redis://127.0.0.1:1' };
    const SHORT = { JWT_SECRET: 'too short', ...REDIS };
    it.each([
      ['stateless', { ACCESS_TTL: 'soon' }, /^ACCESS_TTL: expected a duration, got "soon"\./],
      ['jwt', { ACCESS_TTL: 'soon' }, /^ACCESS_TTL: expected a duration, got "soon"\./],
      [
        'stateless',
        { ACCESS_TTL: '2h', ABSOLUTE_TTL: '1h' },
        /^ACCESS_TTL: expected at most ABSOLUTE_TTL \('1h'\), got '2h'\./,
      ],
      ['jwt', REDIS, /^JWT_SECRET: processes that share a store have to share it too\. Write /],
      ['stateless', REDIS, /^JWT_SECRET: processes that share a store have to share it too\./],
      ['jwt', SHORT, /^JWT_SECRET is under 32 bytes\. Write /],
      ['stateless', SHORT, /^JWT_SECRET is under 32 bytes\. Write /],
    ])('ACCESS_TOKENS=%s with %j', async (kind, variables, message) => {
      const { code, stdout, stderr } = await runExample(name, {
        ACCESS_TOKENS: kind,
        ...(variables as Readonly<Record<string, string>>),
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr.match(/\n/g)).toHaveLength(1);
      expect(stderr).not.toContain('too short');
    });

    it('the start fails with one line if the port is in use', async () => {
      const first = await startExample(name);
      const { code, stderr } = await runExample(name, { PORT: new URL(first.base).port });
      await first.stop();
      expect(code).toBe(1);
      expect(stderr).toMatch(/^PORT: \d+ is in use by another program\. Write another one.*\n$/);
    });
  });

  it.each(['opaque', 'jwt'])(
    'the demo keeps a session from sign-in to sign-out with %s tokens',
    async (kind) => {
      const example = await startExample(name, {
        ACCESS_TOKENS: kind,
        GRACE: '1s',
        ACCESS_OVERLAP: '1s',
        ACCESS_TTL: '60',
      });
      const client = new Client(example.base);
      const statusOf = async (token: string): Promise<number> =>
        (await client.send('GET', '/me', { token })).status;

      const first = await client.signIn('ada');
      const firstCookie = client.jar.get(COOKIE) as string;
      expect(await statusOf(first)).toBe(200);

      const refreshed = await client.send('POST', '/session/refresh');
      const second = accessTokenOf(refreshed);
      const secondCookie = client.jar.get(COOKIE) as string;
      expect(refreshed.json['expires_in']).toBe(60);
      expect(second).not.toBe(first);
      expect(secondCookie).not.toBe(firstCookie);
      expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);

      // Within the grace, the earlier cookie gets the same pair again.
      client.jar.set(COOKIE, firstCookie);
      expect(accessTokenOf(await client.send('POST', '/session/refresh'))).toBe(second);
      expect(client.jar.get(COOKIE)).toBe(secondCookie);

      await sleep(1_050);
      expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);

      // After the grace this is reuse: the session ends. Only a sign-out clears the cookie.
      client.jar.set(COOKIE, firstCookie);
      expectProblem(await client.send('POST', '/session/refresh'), 401, 'refresh_token_rejected');
      expect(client.jar.size).toBe(1);
      expect(await statusOf(second)).toBe(401);
      client.jar.set(COOKIE, secondCookie);
      expectProblem(await client.send('POST', '/session/refresh'), 401, 'refresh_token_rejected');
      expect(client.jar.size).toBe(1);

      const third = await client.signIn('ada');
      const thirdCookie = client.jar.get(COOKIE) as string;
      const signedOut = await client.send('POST', '/session/logout');
      expect([signedOut.status, signedOut.text, client.jar.size]).toEqual([204, '', 0]);
      client.jar.set(COOKIE, thirdCookie);
      expect(await statusOf(third)).toBe(401);
      expectProblem(await client.send('POST', '/session/refresh'), 401, 'refresh_token_rejected');
      expectProblem(
        await client.send('PATCH', '/me', { token: third, json: { late: true } }),
        401,
        'invalid_token',
      );

      const { code, stdout, stderr } = await example.stop();
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(/s[ar]t_|eyJ/);
    },
  );

  it('the demo keeps a session in its token in stateless mode', async () => {
    const example = await startExample(name, {
      ACCESS_TOKENS: 'stateless',
      GRACE: '1s',
      ACCESS_TTL: '60',
    });
    const client = new Client(example.base);
    const statusOf = async (token: string): Promise<number> =>
      (await client.send('GET', '/me', { token })).status;
    const refresh = (token: string) => client.send('POST', '/session/refresh', { token });

    const first = await client.signIn('ada');
    const refreshed = await refresh(first);
    const second = accessTokenOf(refreshed);
    expect(refreshed.json['expires_in']).toBe(60);
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
    expect(accessTokenOf(await refresh(first))).toBe(second);

    await sleep(1_050);
    expectProblem(await refresh(first), 401, 'invalid_token');
    expect(await statusOf(second)).toBe(200);
    expect((await client.send('POST', '/session/logout', { token: second })).status).toBe(204);
    expect(await statusOf(second)).toBe(401);
    expectProblem(await refresh(second), 401, 'invalid_token');
    expect(client.jar.size).toBe(0);

    const { code, stdout, stderr } = await example.stop();
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/eyJ/);
  });

  it('the demo signs with the UTF-8 bytes of JWT_SECRET', async () => {
    const secret = 'ein Schlüssel, den auch andere kennen';
    const example = await startExample(name, { ACCESS_TOKENS: 'jwt', JWT_SECRET: secret });
    const token = await new Client(example.base).signIn('ada');
    await example.stop();
    const [header = '', payload = '', signature] = token.split('.');
    const mac = createHmac('sha256', Buffer.from(secret, 'utf8'));
    expect(mac.update(`${header}.${payload}`).digest('base64url')).toBe(signature);
  });

  describe('a signal', () => {
    it.each(['SIGTERM', 'SIGINT'] as const)('%s ends the process with code 0', async (signal) => {
      const example = await startExample(name);
      // Leaves a keep-alive connection open, and another one that sends nothing.
      expect((await new Client(example.base).send('GET', '/public')).status).toBe(200);
      const silent = connect(Number(new URL(example.base).port), 'localhost');
      await once(silent, 'connect');

      const begin = performance.now();
      const { code, signal: killedBy, stderr } = await example.stop(signal);
      silent.destroy();
      expect({ code, killedBy, stderr }).toEqual({ code: 0, killedBy: null, stderr: '' });
      expect(performance.now() - begin).toBeLessThan(2_000);
      expect(() => process.kill(example.child.pid as number, 0)).toThrow('ESRCH');
      await expect(fetch(`${example.base}/public`)).rejects.toThrow();
    });

    it('a request in flight completes before the process ends', async () => {
      const example = await startExample(name);
      const socket = connect(Number(new URL(example.base).port), 'localhost');
      await once(socket, 'connect');
      let received = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        received += text;
      });
      const body = '{"user":"ada"}';
      const head = `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.write(head + body.slice(0, 5));
      await sleep(100);
      const ending = example.stop();
      await sleep(100);
      socket.write(body.slice(5));
      expect((await ending).code).toBe(0);
      expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n.*"access_token":"sat_/s);
    });
  });
}
