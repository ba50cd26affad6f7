import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { root, run } from '../../tools/lib.mjs';
import { fetchProgram } from './fetch.mjs';
import { runtimes } from './table.mjs';

const VITEST = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const DRIVERS = ['run', 'packages/sql/test/runtimes/drivers', '--maxWorkers', '1'];

/** How vitest is started on a runtime that has SQLite. */
const ARGUMENTS = { 'Node 24': [VITEST], Bun: ['--bun', VITEST] };

it.each(Object.keys(ARGUMENTS))(
  'the SQL store passes its suite on the SQLite of %s',
  async (name) => {
    const runtime = runtimes.find((entry) => entry.name === name);
    const program = await fetchProgram(runtime.package);
    const args = [...ARGUMENTS[name], ...DRIVERS, '--reporter=default'];
    const { code, output } = await run(program, args, { cwd: root, quiet: true });
    // Without the driver its tests are skipped, so the number counts, too.
    expect(stripVTControlCharacters(output)).toMatch(/\b[1-9]\d\d passed/);
    expect(code, output.slice(-4_000)).toBe(0);
  },
  600_000,
);
