import { redisSuite } from '../../common/testing/redis-suite.js';

redisSuite('hono');
