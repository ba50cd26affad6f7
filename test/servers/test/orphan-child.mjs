// Run by orphans.test.ts in a process of its own, which is killed while its servers run. Plain Node,
// so it gets the package from dist/. The program comes as JSON in the first argument.
import { startRedisServer } from '@sess/test-servers';

const binary = JSON.parse(process.argv[2] ?? '');
const servers = [await startRedisServer({ binary }), await startRedisServer({ binary })];
// A stopped process does not react to what would end a running one.
await servers[1]?.pause();
process.stdout.write(`${JSON.stringify(servers.map(({ pid }) => pid))}\n`);
setInterval(() => {}, 1_000);
