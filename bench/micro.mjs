import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { openServer } from './src/provision.mjs';
import { inTurns, timePerOp } from './src/measure.mjs';
import { sampleSession } from './src/sample.mjs';
import { LOAD } from '../packages/redis/dist/scripts/scripts.js';
const s = await openServer(console.error);
const r = s.ioredis;
const store = redisStore(r, { keyPrefix: 'ours:' , timeout: '30s'});
const sessions = createSessions({ store });
const h = []; for (let i = 0; i < 256; i++) h.push(await sessions.create(sampleSession('u' + i)));
const sid = (n) => h[n % 256].session.sid;
await sessions.verify(h[0].accessToken);
const sha0 = await r.script('load', `return redis.call('HGET', KEYS[1], ARGV[1])`);
const sha1 = await r.script('load', `return {redis.call('HGET', KEYS[1], ARGV[1]), redis.call('TIME')}`);
const sha2 = await r.script('load', `return 1`);
const K = (n) => 'ours:' + sid(n).slice(0, 16), F = (n) => sid(n).slice(16);
for (const [concurrency, count] of [[1, 1000], [64, 6400]]) {
  const t = (f) => () => timePerOp(f, { count, concurrency });
  console.log(concurrency, await inTurns({
    hget: t((n) => r.hget(K(n), F(n))),
    callHget: t((n) => r.call('HGET', K(n), F(n))),
    evalTrivial: t((n) => r.call('EVALSHA', sha2, '1', K(n), F(n))),
    evalHget: t((n) => r.call('EVALSHA', sha0, '1', K(n), F(n))),
    evalHgetTime: t((n) => r.call('EVALSHA', sha1, '1', K(n), F(n))),
    evalLoad: t((n) => r.call('EVALSHA', LOAD.sha, '1', K(n), F(n))),
    storeLoad: t((n) => store.load(sid(n))),
    verify: t((n) => sessions.verify(h[n % 256].accessToken)),
  }, { rounds: 15 }).then((m) => [...m].map(([k, v]) => `${k} ${v.median.toFixed(1)} [${v.low.toFixed(1)} ${v.high.toFixed(1)}]`)));
}
console.log((await r.info('commandstats')).split('\r\n').filter((l) => /evalsha|hget|time/.test(l)));
await s.close();
