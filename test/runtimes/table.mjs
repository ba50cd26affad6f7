// The runtimes that the Hono adapter is tested on, and how a server starts on each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../tools/lib.mjs';
import { cache, fetchProgram } from './fetch.mjs';

const programs = join(root, 'packages', 'hono', 'test', 'runtimes');
const { platform, arch } = process;
/** One package name does not follow the pattern. */
const nodeName = `node-${platform === 'darwin' && arch === 'arm64' ? 'bin-' : ''}${platform}-${arch}`;

/** Returns the package of a release line of Node, for `fetchProgram`. */
export function nodePackage(major) {
  return { name: `node-${major}`, spec: `${nodeName}@${major}`, scope: '', program: 'bin/node' };
}

const node = (major) => ({
  name: `Node ${major}`,
  package: nodePackage(major),
  args: () => [join(programs, 'node.mjs')],
});

const bun = {
  name: 'Bun',
  package: { name: 'bun', spec: 'bun@1.4.5', scope: '@oven', program: 'bin/bun' },
  args: () => [join(programs, 'bun.mjs')],
};

const deno = {
  name: 'Deno',
  package: { name: 'deno', spec: 'deno@2.9.6', scope: '@deno', program: 'deno' },
  args: () => [
    'run',
    '--no-remote',
    '--allow-net',
    '--allow-env',
    '--allow-read',
    join(programs, 'deno.mjs'),
  ],
};

const workerd = (name, entry, face) => ({
  name,
  face,
  package: {
    name: 'workerd',
    spec: 'workerd@1.20261117.1',
    scope: '@cloudflare',
    program: 'bin/workerd',
  },
  // Prints the port as JSON on this file descriptor.
  args: async () => ['serve', '--control-fd=1', await configure(name, entry)],
});

export const runtimes = [
  node(22),
  node(24),
  node(26),
  bun,
  deno,
  workerd('workerd', join(programs, 'worker.mjs')),
  workerd('workerd, examples/hono', join(root, 'examples', 'hono', 'dist', 'worker.js'), 'example'),
];

/** Bundles the Worker as a deployment does, and writes a configuration that serves it. */
async function configure(name, entry) {
  const esbuild = await fetchProgram({
    name: 'esbuild',
    spec: 'esbuild@0.28.2',
    scope: '@esbuild',
    program: 'bin/esbuild',
  });
  const folder = join(cache, 'workers', name.replace(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const args = ['--bundle', '--format=esm', '--platform=neutral', '--main-fields=module,main'];
  const bundle = [entry, ...args, '--external:node:*', `--outfile=${join(folder, 'worker.js')}`];
  const { code, output } = await run(esbuild, bundle, { cwd: root, quiet: true });
  if (code !== 0) throw new Error(`the Worker could not be bundled: ${output.trim()}`);
  const config = join(folder, 'config.capnp');
  writeFileSync(config, CONFIG);
  return config;
}

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2024-09-23",
  compatibilityFlags = ["nodejs_compat"],
);
`;
