import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

// None of these is the name of an example.
it.each(['nope', 'demo', '', '../packages/core', '--help'])(
  'npm start -- %j lists the examples',
  (name) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/start.mjs', name], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: `Expected the name of an example, accounts, express, fastify, hono or pages; got '${name}'.\n`,
    });
  },
);
