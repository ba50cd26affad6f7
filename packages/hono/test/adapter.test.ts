import { adapterSuite } from '@sess/testkit';
import { startHost } from './host.js';

adapterSuite('Hono 4', startHost);
