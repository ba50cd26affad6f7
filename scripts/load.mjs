// npm run load [-- its arguments]: installs and builds, then puts the examples under load. `-- --help` shows the arguments.
import { join } from 'node:path';
import { run } from './run.mjs';
import { build, checkNode, install, root } from './setup.mjs';

checkNode();
await install();
await build();
// A process of its own, in a group: what it has started must not outlive an interrupted run.
const { code } = await run(
  process.execPath,
  [join(root, 'scripts', 'load', 'main.mjs'), ...process.argv.slice(2)],
  { cwd: root, group: true },
);
process.exit(code);
