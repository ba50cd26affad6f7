// A process that serves some variants of one framework's route; started by `server.mjs`.
import { openIoredis, openNodeRedis } from '../provision.mjs';

const { framework, kind, names, redisUrl } = JSON.parse(process.argv[2]);
const once = (open) => {
  let opened;
  return () => (opened ??= open());
};
const context = {
  ioredis: once(() => openIoredis(redisUrl)),
  nodeRedis: once(() => openNodeRedis(redisUrl)),
};

const { [kind]: variants } = await import(`./${framework}.mjs`);
const served = {};
for (const name of names) {
  try {
    served[name] = await variants[name](context);
  } catch (error) {
    served[name] = { failure: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
// The bench has ended.
process.on('disconnect', () => process.exit(0));
process.send({ served });
