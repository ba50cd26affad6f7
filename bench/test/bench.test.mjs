// That every part runs and yields rows; what the rows say depends on the machine, and is not for a test.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../main.mjs', import.meta.url));
const PATIENCE = 120_000;

async function bench(...args) {
  const out = mkdtempSync(join(tmpdir(), 'sess-bench-'));
  onTestFinished(() => rmSync(out, { recursive: true }));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [MAIN, '--quick', `--out=${out}`, ...args], {
    timeout: PATIENCE,
  });
  const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return { stdout, results, files: readdirSync(out), page: join(out, 'README.md') };
}

const namesOf = (results, id) =>
  results.groups.find((group) => group.id === id)?.rows.map(({ name }) => name);

describe('the bench', { timeout: PATIENCE }, () => {
  it.concurrent('measures what runs in process', async () => {
    const parts = ['verify', 'jwt', 'changes', 'revoke-all', 'memory', 'round-trips', 'bundles'];
    const { results, stdout, files } = await bench(`--only=${parts}`);

    for (const { rows, baselines, notes } of results.groups) {
      for (const { name, median, ratios } of rows) {
        expect(median, name).toBeGreaterThan(0);
        expect(ratios.every((ratio) => ratio > 0)).toBe(true);
      }
      expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(baselines));
      expect(notes.filter((note) => note.includes('left out'))).toEqual([]);
    }
    expect(namesOf(results, 'verify-local')).toContain('iron-session, unseal');
    expect(namesOf(results, 'verify-redis-64')).toEqual(
      expect.arrayContaining(['ours', 'ours, near cache', 'better-auth', '@fastify/session']),
    );
    expect(namesOf(results, 'jwt-ES256')).toEqual(
      expect.arrayContaining(['ours, repeated', 'fast-jwt, its cache', 'hono/jwt']),
    );
    expect(results.goals.length).toBeGreaterThan(10);
    expect(stdout).toContain(`Node ${process.versions.node}`);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'goals.svg', 'bundles.svg']));
    expect(results.goals.find(({ goal }) => goal === 'refresh: 2 round trips')?.reached).toBe('2');
  });

  it.concurrent('measures in slices that take turns', async () => {
    const { results } = await bench('--only=slices');

    const ids = results.groups.map(({ id }) => id);
    for (const id of ['slices-local', 'slices-redis-8', 'slices-guarded-hono'])
      expect(ids).toContain(id);
    const guarded = results.groups.find(({ id }) => id === 'slices-guarded-fastify');
    expect(guarded.notes.join()).toMatch(/^Beyond the idle hook: -?[\d.]+ µs, -?[\d.]+ hashes\.$/);
    for (const { rows } of results.groups)
      for (const { cells } of rows) expect(cells.settled).toMatch(/^(yes|no:)/);
  });

  it.concurrent.each(['live', 'live-sql'])(
    'measures many live sessions, and a restart among them: %s',
    async (part) => {
      const { results } = await bench(`--only=${part}`);

      expect(namesOf(results, part)).toContain('verify, 64 at a time, after the restart');
      const [{ notes }] = results.groups;
      expect(notes.join()).toMatch(/first verification succeeded after [\d.]+ s/);
    },
  );

  it.concurrent('measures a Cluster of three masters beside one', async () => {
    const { results } = await bench('--only=cluster');

    for (const operation of ['verify', 'refresh']) {
      expect(namesOf(results, `cluster-${operation}`)).toEqual([
        'one server, reads batched',
        'a Cluster of one master',
        'a Cluster of three masters',
      ]);
    }
  });

  it.concurrent('measures SQL stores beside those of express-session', async () => {
    const { results } = await bench('--only=sql');

    expect(namesOf(results, 'sql-page-64')).toEqual([
      'express-session + connect-pg-simple',
      'ours',
    ]);
    expect(namesOf(results, 'sql-page-fastify-64')).toEqual([
      '@fastify/session + connect-pg-simple',
      'ours',
    ]);
    expect(namesOf(results, 'sql-sqlite-verify')).toHaveLength(2);
    expect(results.goals).toHaveLength(4);
  });

  it.concurrent('measures a framework, from another process', async () => {
    const { results, page } = await bench('--only=http', '--frameworks=hono');

    expect(namesOf(results, 'http-hono')).toEqual([
      'bare',
      'idle hook',
      'ours, memory',
      'ours, near cache',
      'ours, batched reads',
      'ours, JWT',
      'hono-sessions',
      'hono/jwt',
      'better-auth',
    ]);
    expect(readFileSync(page, 'utf8')).toContain('](http-hono.svg)');
  });

  it.concurrent('measures a page by the session cookie beside the peer', async () => {
    const { results } = await bench('--only=pages', '--frameworks=hono');

    expect(namesOf(results, 'pages-hono')).toEqual([
      'bare',
      'ours',
      'ours, near cache',
      'hono-sessions, id unencrypted',
      'hono-sessions',
    ]);
    expect(results.goals).toHaveLength(1);
  });

  it.concurrent('measures one process and two', async () => {
    const { results } = await bench('--only=scaling');

    expect(namesOf(results, 'scaling-cluster-1')).toEqual(['1 process', '2 processes']);
  });

  it('refuses a part that there is not', async () => {
    await expect(bench('--only=verify,speed')).rejects.toThrow("there is no part 'speed'");
  });
});
