// Measures how many files and functions of the packages one warm operation runs through, by precise coverage.
// `tools/figures.mjs` runs this text inside the checkout that it measures: imports resolve from there.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { createServer as createPort } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/express';
import express from 'express';

const inspector = new Session();
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
const result = {};

/** Runs `work` warm, then traces single runs; keeps the smallest, because timers of others only add to a run. */
async function trace(name, work) {
  for (let round = 0; round < 20; round += 1) await work();
  for (let round = 0; round < 9; round += 1) {
    await inspector.post('Profiler.takePreciseCoverage');
    await work();
    const coverage = await inspector.post('Profiler.takePreciseCoverage');
    const counts = coverage.result.flatMap(({ url, functions }) => {
      const count = functions.filter(({ ranges }) => ranges[0].count > 0).length;
      return count > 0 && /\/packages\/[^/]+\/dist\//.test(url) ? [count] : [];
    });
    const seen = { files: counts.length, functions: counts.reduce((sum, count) => sum + count, 0) };
    if (!(seen.functions >= result[name]?.functions)) result[name] = seen;
  }
}

/** Measures the engine by itself, then a guarded route and the refresh route of Express. */
async function traceStore(label, options) {
  const sessions = createSessions({ logger: silent, ...options });
  await sessions.ready();
  let { accessToken, refreshToken } = await sessions.create({ subject: 'user-1' });
  const renew = (next) => (refreshToken = next ?? refreshToken);
  await trace(`${label}: verify`, () => sessions.verify(accessToken));
  await trace(`${label}: refresh`, async () =>
    renew((await sessions.refresh(refreshToken)).refreshToken),
  );

  const app = express().use(sessionMiddleware(sessions));
  const answer = (req, res) => res.json({ user: req.session.subject });
  const server = createServer(app.get('/me', requireSession(answer))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const send = async (path, init) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
    if (!response.ok) throw new Error(`${path}: status ${response.status}`);
    return response;
  };
  ({ accessToken, refreshToken } = await sessions.create({ subject: 'user-2' }));
  await trace(`${label}: guarded route`, async () => {
    const authorization = `Bearer ${accessToken}`;
    await (await send('/me', { headers: { authorization } })).text();
  });
  await trace(`${label}: refresh route`, async () => {
    const headers = { cookie: `__Host-sess=${refreshToken}`, 'sec-fetch-site': 'same-origin' };
    const response = await send('/session/refresh', { method: 'POST', headers });
    renew(/__Host-sess=([^;]+)/.exec(response.headers.get('set-cookie'))?.[1]);
    await response.text();
  });
  server.closeAllConnections();
  server.close();
  await sessions.close();
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
await traceStore('memory', {});

const binary = findRedis();
if (binary) {
  const { redisStore } = await import('@sess/redis');
  const { Redis } = await import('ioredis');
  const port = await freePort();
  const flags = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn(binary, flags, { stdio: 'ignore' });
  const client = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // The server may still be starting.
  await client.ping();
  await traceStore('Redis', { store: redisStore(client) });
  await traceStore('Redis, near cache', { store: redisStore(client, { nearCache: true }) });
  client.disconnect();
  server.kill();
}
process.stdout.write(JSON.stringify(result));

async function freePort() {
  const probe = createPort().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function findRedis() {
  return ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}
