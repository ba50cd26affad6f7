import { adapterSuite } from '@sess/testkit/suites';
import { beyondShort } from '../../../test/token-modes.js';
import { startHost } from './host.js';

adapterSuite('Fastify 5', startHost, beyondShort);
