// Builds everything. `--clean` starts from nothing, so that no output of a removed source is left.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, checkNode, install, workspace } from './setup.mjs';

checkNode();
await install();
if (process.argv.includes('--clean')) {
  for (const { dir } of workspace()) rmSync(join(dir, 'dist'), { recursive: true, force: true });
}
await build();
