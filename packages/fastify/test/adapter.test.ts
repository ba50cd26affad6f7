import { adapterSuite } from '@sess/testkit';
import { startHost } from './host.js';

adapterSuite('Fastify 5', startHost);
