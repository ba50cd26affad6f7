import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const PATIENCE = 90_000;

const load = (...args) =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { timeout: PATIENCE });

describe('ten seconds of load', { timeout: PATIENCE }, () => {
  // One after the other: each wants the machine for itself.
  it.each([
    ['express', 'opaque'],
    ['fastify', 'jwt'],
    ['hono', 'opaque'],
  ])('are borne by %s, %s', async (name, tokens) => {
    const { stdout } = await load(
      '--seconds=10',
      '--no-drain',
      `--only=${name}`,
      `--tokens=${tokens}`,
    );
    expect(stdout).toContain('load: all held');
    expect(stdout).toMatch(/garbage .*400: \d+/);
    console.info(stdout.split('\n').slice(0, 2).join('\n'));
  });
});

describe('the command', () => {
  it.each([
    ['--only=koa', "there is no example 'koa'"],
    ['--seconds=soon', "--seconds: 'soon' will not do"],
    ['--tokens=paseto', "there is no kind of token 'paseto'"],
  ])('refuses %s', async (argument, text) => {
    await expect(load(argument)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(text),
    });
  });
});
