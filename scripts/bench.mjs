// npm run bench:NAME: installs and builds, then runs bench/NAME.mjs in this process.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, checkNode, fail, install, root } from './setup.mjs';

checkNode();
const name = process.argv[2] ?? '';
const file = join(root, 'bench', `${name}.mjs`);
if (!existsSync(file)) fail(`there is no bench/${name}.mjs`, 2);

await install();
await build();
await import(pathToFileURL(file).href);
