import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { sendRequest } from '@sess/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Beside an example, so that its packages are found; in a folder that git ignores. */
const PROGRAM = 'examples/express/dist/readme-program.mjs';

function readProgram(): string {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];
  return blocks.map((block) => block[1] ?? '').find((text) => text.includes('app.listen(')) ?? '';
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}

describe('the program in the README', () => {
  let url = '';
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    writeFileSync(PROGRAM, readProgram());
    const port = await findFreePort();
    url = `http://localhost:${port}`;
    const child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, PORT: String(port) },
      stdio: 'inherit',
    });
    stop = () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      });
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const isUp = await sendRequest(`${url}/me`).then(
        () => true,
        () => false,
      );
      if (isUp) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the program did not answer');
  });

  afterAll(async () => {
    await stop();
    rmSync(PROGRAM, { force: true });
  });

  it('has fifteen lines of code at most', () => {
    const code = readProgram()
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
    expect(code.length).toBeLessThanOrEqual(15);
  });

  it('signs in, guards, refreshes and signs out', async () => {
    const login = await sendRequest(`${url}/login`, { method: 'POST', body: { user: 'ada' } });
    expect(login.status).toBe(200);
    const { access_token: token } = JSON.parse(login.text) as { access_token: string };
    const cookie = login.setCookies[0]?.split(';')[0] ?? '';
    const bearer = ['Authorization', `Bearer ${token}`] as const;
    expect((await sendRequest(`${url}/me`)).status).toBe(401);
    const me = await sendRequest(`${url}/me`, { headers: [bearer] });
    expect(JSON.parse(me.text)).toMatchObject({ subject: 'ada' });
    const jar = { method: 'POST', headers: [['Cookie', cookie]] } as const;
    expect((await sendRequest(`${url}/session/refresh`, jar)).status).toBe(200);
    expect((await sendRequest(`${url}/session/logout`, jar)).status).toBe(204);
    expect((await sendRequest(`${url}/me`, { headers: [bearer] })).status).toBe(401);
  });
});
