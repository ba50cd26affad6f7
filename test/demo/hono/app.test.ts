import { describe } from 'vitest';
import { TOKEN_MODES } from '../../token-modes.js';
import { faceSuite } from '../face-suite.js';
import { failureSuite } from '../failure-suite.js';
import { hostileSuite } from '../hostile-suite.js';
import { host } from './host.js';

describe.each(TOKEN_MODES)('the common face, %s', (mode) => faceSuite(host, mode));
describe('hostile bodies', () => hostileSuite(host));
describe('failures', () => failureSuite(host));
