import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { requireServer, startPostgres, startRedisServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../../tools/lib.mjs';
import { packAll, unpack } from '../../tools/pack.mjs';
import { fetchProgram } from '../runtimes/fetch.mjs';
import { nodePackage } from '../runtimes/table.mjs';
import { useApi, usePages } from './created.mjs';

const MINUTE = 60_000;
const isNightly = process.env.SESS_TIER === 'nightly';
const NODES = [20, 22, 24];
const KINDS = ['pages', 'api'];
const uses = { pages: usePages, api: useApi };

/** What an application on a server is started with. */
const servers = {
  async postgres() {
    const server = await startPostgres();
    return { env: { DATABASE_URL: server.url }, stop: () => server.stop() };
  },
  async redis() {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    return { env: { REDIS_URL: server.url }, stop: () => server.stop() };
  },
};

let folder;
afterAll(() => folder && rmSync(folder, { recursive: true, force: true }), MINUTE);

// Takes a quarter of a minute for each application, most of it npm.
describe.skipIf(!isNightly)('create-sess', () => {
  let packages;
  let program;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sess-create-'));
    packages = join(folder, 'packages');
    const unpacked = join(folder, 'create-sess');
    for (const path of [packages, unpacked]) mkdirSync(path);
    const packed = await packAll(packages);
    unpack(packed.find(({ name }) => name === 'create-sess').tarball, unpacked);
    program = join(unpacked, 'dist', 'cli.js');
  }, 5 * MINUTE);

  /** From an empty folder to an application that has passed its tests and signs a user in. Returns the seconds. */
  async function build({ kind, store, path, env = {} }) {
    const began = Date.now();
    const options = { quiet: true, env: { PATH: path } };
    const name = `${kind}-${store}-${began}`;
    const app = join(folder, name);
    const args = [program, name, kind, store, '--packages', packages];
    await succeed('node', args, { ...options, cwd: folder });
    await succeed('npm', ['install', '--no-audit', '--no-fund'], { ...options, cwd: app });
    expect(await succeed('npm', ['test'], { ...options, cwd: app })).toMatch(/pass 3\b/);
    const server = await start(app, { ...process.env, PATH: path, PORT: '0', ...env });
    try {
      await uses[kind](server.base);
    } finally {
      await server.stop();
    }
    return (Date.now() - began) / 1_000;
  }

  describe.each(NODES)('on Node %i', (major) => {
    let path;
    beforeAll(async () => {
      const node = await fetchProgram(nodePackage(major));
      path = [dirname(node), process.env.PATH].join(delimiter);
      const version = await succeed('node', ['--version'], { quiet: true, env: { PATH: path } });
      expect(version).toMatch(new RegExp(`^v${major}\\.`));
    }, 2 * MINUTE);

    it.each(KINDS)(
      'turns an empty folder into %s behind a sign-in, tests included, in less than a minute',
      async (kind) => {
        const seconds = await build({ kind, store: 'sqlite', path });
        report(`Node ${major}, ${kind}, sqlite`, seconds);
        expect(seconds).toBeLessThan(60);
      },
      5 * MINUTE,
    );
  });

  it.each(KINDS.flatMap((kind) => Object.keys(servers).map((store) => [kind, store])))(
    'creates %s on %s that pass their tests and sign users in',
    async (kind, store) => {
      const { env, stop } = await servers[store]();
      try {
        const seconds = await build({ kind, store, path: process.env.PATH, env });
        report(`Node ${process.versions.node}, ${kind}, ${store}`, seconds);
      } finally {
        await stop();
      }
    },
    5 * MINUTE,
  );
});

function report(what, seconds) {
  process.stdout.write(`create-sess: ${what}: ${seconds.toFixed(1)} s\n`);
}

/** Runs a command, and returns its output. @throws {Error} with it, if the command fails */
async function succeed(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}

/** Runs the script `start` of an application, and returns its origin and how to end it. */
async function start(app, env) {
  // A process group, because the script starts processes that would survive it.
  const child = spawn('npm', ['start'], { cwd: app, env, detached: true });
  const ended = once(child, 'close');
  let output = '';
  const base = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output += text;
        const match = /listening on (\S+)/.exec(output);
        if (match) resolve(match[1]);
      });
    }
    ended.then(() => reject(new Error(output)), reject);
  });
  return {
    base,
    async stop() {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
