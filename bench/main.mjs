// npm run bench: what sessions cost, beside other ways to keep them.
import { fileURLToPath } from 'node:url';
import { readArguments, USAGE } from './src/arguments.mjs';
import { describeMachine, readVersions } from './src/environment.mjs';
import { judgeGoals } from './src/goals.mjs';
import { createFinder } from './src/groups.mjs';
import { measureBundles } from './src/parts/bundles.mjs';
import { measureChanges } from './src/parts/changes.mjs';
import { measureCluster } from './src/parts/cluster.mjs';
import { measureHttp } from './src/parts/http.mjs';
import { measureJwt } from './src/parts/jwt.mjs';
import { measureLive, measureLiveSql } from './src/parts/live.mjs';
import { measureMemory } from './src/parts/memory.mjs';
import { measurePages } from './src/parts/pages.mjs';
import { measureRevokeAll } from './src/parts/revoke-all.mjs';
import { measureRoundTrips } from './src/parts/round-trips.mjs';
import { measureScaling } from './src/parts/scaling.mjs';
import { measureSlices } from './src/parts/slices.mjs';
import { measureSql } from './src/parts/sql.mjs';
import { measureVerify } from './src/parts/verify.mjs';
import { createProgress } from './src/progress.mjs';
import { findBinary, openCluster, openRestartable, openServer } from './src/provision.mjs';
import { writeMarkdown } from './src/report/markdown.mjs';
import { writeResults } from './src/report/write.mjs';
import { settingsOf } from './src/settings.mjs';

// As in the processes that serve. In development Express renders otherwise, and @sess/express gives each handler a copy of
// its session that refuses assignments: the parts within this process would measure that too.
process.env.NODE_ENV = 'production';

const PARTS = {
  slices: measureSlices,
  verify: measureVerify,
  jwt: measureJwt,
  http: measureHttp,
  pages: measurePages,
  changes: measureChanges,
  'revoke-all': measureRevokeAll,
  memory: measureMemory,
  // In process, so before those that leave the heap of a million sessions.
  sql: measureSql,
  live: measureLive,
  'live-sql': measureLiveSql,
  'round-trips': measureRoundTrips,
  bundles: measureBundles,
  scaling: measureScaling,
  cluster: measureCluster,
};

const RESULTS = fileURLToPath(new URL('./results', import.meta.url));

function readOrExplain() {
  try {
    const read = readArguments(process.argv.slice(2), Object.keys(PARTS));
    if (!read.isHelp) return read;
    process.stdout.write(`${USAGE}\nparts: ${Object.keys(PARTS).join(', ')}\n`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { only, isQuick, frameworks, out } = readOrExplain();
const progress = createProgress();
const machine = describeMachine();
if (machine.load > machine.cores * 0.75)
  progress.note(
    `the machine is busy (load average ${machine.load.toFixed(2)}): figures will be noise`,
  );

progress.onRound('looking for a server', 1, 1);
const binary = await findBinary(progress.note);
const groups = [];
const failed = [];
for (const name of only) {
  progress.enter(name);
  const opened = [];
  const opening = async (open) => {
    const server = await open;
    opened.push(server);
    return server;
  };
  try {
    const found = await PARTS[name]({
      settings: settingsOf(isQuick),
      frameworks,
      onRound: progress.onRound,
      openServer: () => opening(openServer(binary)),
      openRestartable: (config) => opening(openRestartable(binary, config)),
      openCluster: (masters) => opening(openCluster(binary, masters)),
    });
    groups.push(...found);
  } catch (error) {
    // The other parts of a quarter of an hour are worth having.
    failed.push(name);
    progress.note(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    for (const server of opened) await server.close();
  }
}
progress.clear();

const run = {
  machine,
  versions: readVersions(),
  date: new Date().toISOString().slice(0, 10),
  seconds: progress.seconds(),
  redis: binary.version,
  isQuick,
  groups,
  goals: judgeGoals(createFinder(groups)),
};
process.stdout.write(writeMarkdown({ ...run, charts: new Map() }));
// A run of some parts, or of seconds, must not take the place of a whole one.
const isWhole = only.length === Object.keys(PARTS).length && !isQuick && failed.length === 0;
const folder = out ?? (isWhole ? RESULTS : undefined);
if (folder !== undefined) writeResults(folder, run);
progress.note(`took ${run.seconds} s${folder === undefined ? '' : `; written to ${folder}`}`);
if (failed.length > 0) {
  progress.note(`these parts failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
