import { adapterSuite } from '@sess/testkit';
import { signedTokens } from '../../../test/token-modes.js';
import { startHost } from './host.js';

adapterSuite('__Name__', startHost, { engines: signedTokens });
