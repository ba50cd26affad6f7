// Runs a development tool of this repository: node scripts/tool.mjs biome check
import { run } from './run.mjs';
import { bin, checkNode, install, root } from './setup.mjs';

checkNode();
await install();
const [name, ...args] = process.argv.slice(2);
const { code, output } = await run(bin(name), args, { cwd: root });
process.stderr.write(output);
process.exit(code);
