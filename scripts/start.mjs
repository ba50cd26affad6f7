// npm start [-- NAME]: installs and builds what one example needs, then runs it in this process, so
// that a signal sent to npm reaches the server itself and nothing is left behind.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, checkNode, fail, install, root, workspace } from './setup.mjs';

checkNode();
const name = process.argv[2] ?? 'express';
const examples = workspace().filter(
  ({ dir }) => dirname(dir) === join(root, 'examples') && existsSync(join(dir, 'src', 'main.ts')),
);
const example = examples.find(({ dir }) => basename(dir) === name);
if (!example) {
  const names = examples.map(({ dir }) => basename(dir));
  const choice = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(names);
  fail(`there is no example '${name}'. Write ${choice}.`, 2);
}
const { dir } = example;

await install({ only: example.manifest.name });
await build(dir);
await import(pathToFileURL(join(dir, 'dist', 'main.js')).href);
