import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const PATIENCE = 90_000;

const load = (...args) =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { timeout: PATIENCE });

describe('ten seconds of load', { timeout: PATIENCE }, () => {
  // One after the other, because each run needs the whole machine.
  it.each([
    ['express', 'opaque'],
    ['fastify', 'jwt'],
    ['hono', 'opaque'],
  ])('%s with %s tokens passes the verdict', async (name, tokens) => {
    const { stdout } = await load(
      '--seconds=10',
      '--no-drain',
      `--only=${name}`,
      `--tokens=${tokens}`,
    );
    expect(stdout).toContain('load: every bound was kept');
    expect(stdout).toMatch(/garbage .*400: \d+/);
    console.info(stdout.split('\n').slice(0, 2).join('\n'));
  });
});

describe('npm run load', () => {
  it.each([
    ['--only=koa', "got 'koa'"],
    ['--seconds=soon', "--seconds: expected a whole number from 5 to 86400, got 'soon'"],
    ['--tokens=paseto', "expected a kind of token of opaque, jwt, got 'paseto'"],
  ])('the command refuses %s', async (argument, text) => {
    await expect(load(argument)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(text),
    });
  });
});
