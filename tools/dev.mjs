// The commands of this repository: `node tools/dev.mjs COMMAND [ARGUMENT …]`. npm scripts name the common ones.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bin, checkNode, fail, install, pnpm, prepare, root, run, workspace } from './lib.mjs';

const quietTurbo = {
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
};

/** Where the word gate only counts, until the titles there are rewritten. */
const PENDING_WORDS = ['--pending', 'packages/simulation/'];
