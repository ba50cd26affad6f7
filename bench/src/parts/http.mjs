// One route on each framework: bare, guarded by ours, and by what is used there otherwise.
import { createGroup } from '../groups.mjs';
import { loadRoute } from '../http/load.mjs';
import { startServer } from '../http/server.mjs';
import { summary } from '../measure.mjs';

const BARE = 'bare';
const IDLE = 'idle hook';

export async function measureHttp({ openServer, settings, frameworks, onRound }) {
  const { url } = await openServer();
  const groups = [];
  for (const framework of frameworks)
    groups.push(await measureFramework(framework, url, settings, onRound));
  return groups;
}

async function measureFramework(framework, redisUrl, settings, onRound) {
  const names = Object.keys((await import(`../http/${framework}.mjs`)).variants);
  // A process a variant, so that none is compiled for the sake of another.
  const shares = settings.isQuick ? [names] : names.map((name) => [name]);
  const servers = [];
  const seen = new Map();
  const leftOut = [];
  try {
    for (const [n, share] of shares.entries()) {
      onRound(`${framework}, starting`, n + 1, shares.length);
      servers.push(await startServer({ framework, kind: 'variants', names: share, redisUrl }));
    }
    const routes = servers.flatMap((server) => server.routes);
    for (const { name, failure } of routes)
      if (failure !== undefined) leftOut.push(`${name} is left out: ${failure}`);
    const good = routes.filter(({ failure }) => failure === undefined);
    const results = new Map(good.map(({ name }) => [name, []]));
    for (let round = 0; round <= settings.httpRounds; round += 1) {
      onRound(framework, round + 1, settings.httpRounds + 1);
      for (let n = 0; n < good.length; n += 1) {
        const route = good[(n + round) % good.length];
        const result = await loadRoute(route, settings);
        // The first round is for the compilers.
        if (round > 0) results.get(route.name).push(result);
      }
    }
    for (const [name, list] of results) seen.set(name, summarize(list));
  } finally {
    for (const server of servers) await server.close();
  }
  return createGroup({
    id: `http-${framework}`,
    title: `A guarded route on ${framework}, 64 connections`,
    unit: 'req/s',
    seen,
    baseline: [BARE, IDLE],
    isHigherBetter: true,
    notes: [
      'The idle hook reads the header and does nothing; it is sent headers as long as ours. The load never sleeps, so that no server pays for waking it. The processor time is that of the serving process by itself, which the load and Redis do not disturb.',
      ...leftOut,
    ],
  });
}

function summarize(list) {
  const median = (key) => summary(list.map((result) => result[key])).median;
  return {
    ...summary(list.map(({ perSecond }) => perSecond)),
    cells: { 'p99, ms': median('p99').toFixed(1), 'µs of CPU': median('cpu').toFixed(1) },
  };
}
