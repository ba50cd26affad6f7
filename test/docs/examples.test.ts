import { execFile } from 'node:child_process';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sendRequest } from '../kit.js';
import { type Block, expectedOutput, listPages, readBlocks, readServedFile } from './blocks.js';
import { type Compiled, compile } from './compile.js';
import { serve } from './served.js';

const blocks = [...listPages().flatMap(readBlocks), readServedFile('docs/guides/adapter.ts')];
const checked = blocks.filter(({ uncheckedBecause }) => uncheckedBecause === undefined);

/** Returns blocks with their place, for the titles of tests. */
function named(choose: (block: Block) => boolean): readonly (readonly [string, Block])[] {
  return checked.filter(choose).map((block) => [`${block.page}:${block.line}`, block]);
}

/** Runs a program and returns the lines that it prints. */
function run(path: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [path], { timeout: 15_000 }, (error, out, err) => {
      if (error === null) resolve(out.split('\n').slice(0, -1));
      else reject(new Error(`${path}: ${err}`, { cause: error }));
    });
  });
}

describe('the examples in the documentation', () => {
  let compiled: Compiled;
  beforeAll(async () => {
    compiled = await compile(checked);
  }, 60_000);

  it('every block compiles', () => {
    expect(compiled.problems).toEqual([]);
  });

  it('at most three blocks are exempt from compilation', () => {
    expect(blocks.length).toBeGreaterThan(60);
    expect(blocks.length - checked.length).toBeLessThanOrEqual(3);
  });

  it.for(named(({ isRun }) => isRun))(
    'the block at %s prints what its comments state',
    async ([, block]) => {
      expect(await run(compiled.programOf(block))).toEqual(expectedOutput(block));
    },
  );

  it.for(named(({ isServed }) => isServed))(
    'the program at %s signs in, guards, refreshes and signs out',
    async ([, block]) => {
      const { url, stop } = await serve(compiled.programOf(block));
      onTestFinished(stop);
      const login = await sendRequest(`${url}/login`, { method: 'POST', body: { user: 'ada' } });
      expect(login.status).toBe(200);
      const { access_token: token } = JSON.parse(login.text) as { access_token: string };
      const cookie = login.setCookies[0]?.split(';')[0] ?? '';
      const bearer = ['Authorization', `Bearer ${token}`] as const;
      expect((await sendRequest(`${url}/me`)).status).toBe(401);
      const me = await sendRequest(`${url}/me`, { headers: [bearer] });
      expect(JSON.parse(me.text)).toMatchObject({ subject: 'ada' });
      const jar = { method: 'POST', headers: [['Cookie', cookie]] } as const;
      expect((await sendRequest(`${url}/session/refresh`, jar)).status).toBe(200);
      expect((await sendRequest(`${url}/session/logout`, jar)).status).toBe(204);
      expect((await sendRequest(`${url}/me`, { headers: [bearer] })).status).toBe(401);
    },
  );
});

it('the program in the README has fifteen lines of code at most', () => {
  const code = readBlocks('README.md').find(({ isServed }) => isServed)?.code ?? '';
  const lines = code.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line));
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(15);
});
