// npm test [-- vitest arguments]: installs, builds, and runs vitest once.
// The build comes first because some tests start the examples, which run from dist/.
import { run } from './run.mjs';
import { bin, build, checkNode, install, root } from './setup.mjs';

checkNode();
await install();
await build();
const { code } = await run(bin('vitest'), ['run', ...process.argv.slice(2)], {
  cwd: root,
  group: true,
});
process.exit(code);
