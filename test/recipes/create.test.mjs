import { spawn } from 'node:child_process';
import { on } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../tools/lib.mjs';
import { packAll, unpack } from '../../tools/pack.mjs';

const MINUTE = 60_000;
const isNightly = process.env.SESS_TIER === 'nightly';
const COMBINATIONS = ['pages', 'api'].flatMap((kind) =>
  ['sqlite', 'postgres', 'redis'].map((store) => [kind, store]),
);

let folder;
afterAll(() => folder && rmSync(folder, { recursive: true, force: true }), MINUTE);

/** Runs a command, and returns its output. @throws {Error} with it, if the command fails */
async function succeed(command, args, cwd) {
  const { code, output } = await run(command, args, { cwd, quiet: true });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}

// Takes half a minute for each application, most of it npm.
describe.skipIf(!isNightly)('create-sess', () => {
  let create;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sess-create-'));
    const packages = join(folder, 'packages');
    const program = join(folder, 'create-sess');
    for (const path of [packages, program]) mkdirSync(path);
    const packed = await packAll(packages);
    unpack(packed.find(({ name }) => name === 'create-sess').tarball, program);
    create = async (...words) => {
      const args = [join(program, 'dist', 'cli.js'), ...words, '--packages', packages];
      await succeed(process.execPath, args, folder);
      const app = join(folder, words[0]);
      await succeed('npm', ['install', '--no-audit', '--no-fund'], app);
      return { app, tested: await succeed('npm', ['test'], app) };
    };
  }, 5 * MINUTE);

  it(
    'turns an empty folder into pages behind a sign-in, tests included, in less than a minute',
    async () => {
      const began = Date.now();
      const { app, tested } = await create('shop');
      expect(tested).toMatch(/pass 3\b/);
      const child = spawn('npm', ['start'], {
        cwd: app,
        env: { ...process.env, PORT: '0' },
        detached: true,
      });
      try {
        const [, base] = await untilPrinted(child, /listening on (\S+)/);
        const page = await fetch(`${base}/account`, { headers: { accept: 'text/html' } });
        expect(page.status).toBe(401);
        const seconds = Math.round((Date.now() - began) / 1_000);
        process.stdout.write(`create-sess: a guarded page after ${seconds} s\n`);
        expect(seconds).toBeLessThan(60);
      } finally {
        process.kill(-child.pid);
      }
    },
    5 * MINUTE,
  );

  it.each(COMBINATIONS)(
    'creates %s on %s that compiles and passes its tests',
    async (kind, store) => {
      const { tested } = await create(`${kind}-${store}`, kind, store);
      expect(tested).toMatch(/pass 3\b/);
    },
    5 * MINUTE,
  );
});

async function untilPrinted(child, pattern) {
  let output = '';
  for await (const [text] of on(child.stdout, 'data')) {
    output += text;
    const match = pattern.exec(output);
    if (match) return match;
  }
  throw new Error(output);
}
