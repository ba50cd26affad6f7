// A package registry on loopback, to try out a release: own packages are published to it, others come through it
// from the registry that npm is configured for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, installApart, root, run } from './lib.mjs';

/** The newest that runs on Node 20. A dependency of it names a version of node-fetch that is not published. */
const SERVER = { specs: ['verdaccio@6.8.0'], overrides: { 'node-fetch': '2.7.0' } };
const PATIENCE_MS = 30_000;

/**
 * Starts a registry that is empty but for what comes from the other one.
 *
 * @param {readonly string[]} own names of packages, or patterns, that are never asked of the other registry
 * @returns {Promise<{ url: string, env: Record<string, string>, stop: () => Promise<void> }>} `env` makes npm and pnpm
 *   use it, with a token and an empty cache
 * @throws {Error} with the output of the server, if it does not answer
 */
export async function startRegistry(own) {
  const installed = join(root, '.cache', 'registry');
  await installApart(installed, SERVER.specs, { overrides: SERVER.overrides });
  const folder = mkdtempSync(join(tmpdir(), 'sess-registry-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  // JSON is YAML, too.
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(await configure(folder, own)));
  writeFileSync(
    join(folder, 'npmrc'),
    `registry=${url}\n//127.0.0.1:${port}/:_authToken=loopback\n`,
  );

  const program = join(installed, 'node_modules', 'verdaccio', 'bin', 'verdaccio');
  const args = [program, '--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`];
  // Node knows neither the configuration of npm nor, in it, the authorities that a company has added.
  const authorities = await readConfig('cafile');
  const child = spawn(process.execPath, args, {
    env:
      authorities === 'null' ? process.env : { ...process.env, NODE_EXTRA_CA_CERTS: authorities },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(child, 'close');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await answers(`${url}-/ping`, child))) {
    await stop();
    throw new Error(`the registry does not answer: ${output.trim()}`);
  }
  const userconfig = join(folder, 'npmrc');
  const env = {
    // npm sets the second for what it runs, where it takes precedence; pnpm reads the first.
    NPM_CONFIG_USERCONFIG: userconfig,
    npm_config_userconfig: userconfig,
    npm_config_registry: url,
    npm_config_cache: join(folder, 'cache'),
    npm_config_update_notifier: 'false',
  };
  return { url, env, stop };
}

async function readConfig(name) {
  const { code, output } = await run('npm', ['config', 'get', name], { quiet: true });
  if (code !== 0) throw new Error(`npm does not show its ${name}: ${output.trim()}`);
  return output.trim();
}

async function configure(folder, own) {
  const access = { access: '$all', publish: '$all' };
  return {
    storage: join(folder, 'storage'),
    uplinks: { other: { url: await readConfig('registry'), cache: false } },
    packages: {
      ...Object.fromEntries(own.map((name) => [name, access])),
      '**': { access: '$all', proxy: 'other' },
    },
    // Tarballs of a megabyte and more arrive as JSON.
    max_body_size: '50mb',
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
    web: { enable: false },
  };
}

async function answers(url, child) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    if (child.exitCode !== null) return false;
    try {
      if ((await fetch(url)).ok) return true;
    } catch {
      // Not yet.
    }
  }
  return false;
}
