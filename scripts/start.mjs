// npm start [-- NAME]: installs and builds what one example needs, then runs it in this process, so
// that a signal sent to npm reaches the server itself and nothing is left behind.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, checkNode, fail, install, root, workspace } from './setup.mjs';

checkNode();
const name = process.argv[2] ?? 'express';
const dir = join(root, 'examples', name);
const example = workspace().find((entry) => entry.dir === dir);
if (!example) fail(`there is no examples/${name}`, 2);

await install({ only: example.manifest.name });
await build(dir);
await import(pathToFileURL(join(dir, 'dist', 'main.js')).href);
