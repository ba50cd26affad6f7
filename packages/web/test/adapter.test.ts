import { adapterSuite } from '@sess/testkit/suites';
import { BINDINGS, signedTokens } from '../../../test/token-modes.js';
import { startHost } from './host.js';

adapterSuite('Request and Response', startHost, { engines: signedTokens, ...BINDINGS });
