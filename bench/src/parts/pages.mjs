// A page on each framework, by our session cookie and by that of the peer: processor time beyond the page without sessions.
import { createGroup } from '../groups.mjs';
import { loadRoute } from '../http/load.mjs';
import { startServer } from '../http/server.mjs';
import { summary } from '../measure.mjs';

const BARE = 'bare';

export async function measurePages({ openServer, settings, frameworks, onRound }) {
  const { url } = await openServer();
  const groups = [];
  for (const framework of frameworks)
    groups.push(await measureFramework(framework, url, settings, onRound));
  return groups;
}

async function measureFramework(framework, redisUrl, settings, onRound) {
  const names = Object.keys((await import(`../http/${framework}.mjs`)).pages);
  const peer = names.at(-1);
  const servers = [];
  const rounds = [];
  try {
    for (const [n, name] of names.entries()) {
      onRound(`${framework}, starting`, n + 1, names.length);
      const what = { framework, kind: 'pages', names: [name], redisUrl };
      servers.push(await startServer(what));
    }
    const routes = servers.flatMap((server) => server.routes);
    for (const { name, failure } of routes)
      if (failure !== undefined) throw new Error(`${framework}, ${name}: ${failure}`);
    // By number: on a busy machine, a slice of a second has so few requests that the opening of connections counts.
    const load = { httpRequests: settings.pageRequests };
    for (let round = 0; round <= settings.pageRounds; round += 1) {
      onRound(framework, round + 1, settings.pageRounds + 1);
      const spent = {};
      for (let n = 0; n < routes.length; n += 1) {
        const route = routes[(n + round) % routes.length];
        spent[route.name] = (await loadRoute(route, load)).cpu;
      }
      // The first round is for the compilers, and acknowledges the cookies.
      if (round > 0) rounds.push(spent);
    }
  } finally {
    for (const server of servers) await server.close();
  }
  const seen = new Map(names.map((name) => [name, summarize(rounds, name, peer)]));
  return createGroup({
    id: `pages-${framework}`,
    title: `A page by the session cookie on ${framework}, 64 connections`,
    unit: 'µs of CPU',
    seen,
    baseline: peer,
    notes: [
      'Processor time of the serving process a request. All get the headers of a navigation, look for a session before they render, and read its subject and data; the page without sessions gets a cookie that is as long. Ratios are those of one round each, and of what is beyond the page without sessions.',
    ],
  });
}

function summarize(rounds, name, peer) {
  const beyond = rounds.map((spent) => spent[name] - spent[BARE]);
  const ratios = rounds.map((spent, n) => beyond[n] / (spent[peer] - spent[BARE]));
  const { median, low, high } = summary(ratios);
  return {
    ...summary(rounds.map((spent) => spent[name])),
    ratio: median,
    cells: {
      'beyond bare': summary(beyond).median.toFixed(1),
      'spread of the ratio': `${low.toFixed(2)} to ${high.toFixed(2)}`,
    },
  };
}
