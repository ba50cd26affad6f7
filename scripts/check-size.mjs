// What the packages weigh where they are bundled, minified and gzipped; the budgets are in .size-limit.json.
import { run } from './run.mjs';
import { bin, build, checkNode, install, root } from './setup.mjs';

checkNode();
await install();
await build();
const { code } = await run(bin('size-limit'), [], { cwd: root });
process.exit(code);
