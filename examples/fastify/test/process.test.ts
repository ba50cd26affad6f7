import { lifecycleSuite } from '../../common/testing/lifecycle-suite.js';

lifecycleSuite('fastify');
