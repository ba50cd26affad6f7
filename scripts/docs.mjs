// npm run docs builds the site into docs/.vitepress/dist; npm run docs:dev serves it while it is written.
import { join } from 'node:path';
import { run } from './run.mjs';
import { bin, checkNode, install, root } from './setup.mjs';

checkNode();
await install();
const cwd = join(root, 'docs');
const task = process.argv[2] === 'dev' ? ['dev'] : ['build'];
// First the pages that are made of requirements and titles of tests, and of doc comments: the site links to them.
for (const [name, ...args] of [
  [process.execPath, join(root, 'scripts', 'evidence.mjs')],
  [bin('typedoc', cwd)],
  [bin('vitepress', cwd), ...task],
]) {
  const { code } = await run(name, args, { cwd });
  if (code !== 0) process.exit(code);
}
