import { adapterSuite } from '@sess/testkit';
import { signedTokensBeyondShort } from '../../../test/token-modes.js';
import { startHost } from './host.js';

adapterSuite('Fastify 5', startHost, { engines: signedTokensBeyondShort });
