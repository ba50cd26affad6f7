// npm start [NAME]: installs and builds what one example needs, then runs it in this process, so that a signal sent
// to npm reaches the server itself and leaves no process behind.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, checkNode, fail, install, root, workspace } from './lib.mjs';

checkNode();
const name = process.argv[2] ?? 'express';
const examples = workspace().filter(
  ({ dir }) => dirname(dir) === join(root, 'examples') && existsSync(join(dir, 'src', 'main.ts')),
);
const example = examples.find(({ dir }) => basename(dir) === name);
if (!example) {
  const names = examples.map(({ dir }) => basename(dir));
  const choice = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(names);
  fail(`Expected the name of an example, ${choice}; got '${name}'.`, 2);
}
await install({ only: example.manifest.name });
await build(example.dir);
await import(pathToFileURL(join(example.dir, 'dist', 'main.js')).href);
