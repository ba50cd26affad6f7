import { redisSuite } from '../redis-suite.js';

redisSuite('fastify');
