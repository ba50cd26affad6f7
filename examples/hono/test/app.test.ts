import { describe } from 'vitest';
import { TOKEN_MODES } from '../../../test/token-modes.js';
import { faceSuite } from '../../common/testing/face-suite.js';
import { failureSuite } from '../../common/testing/failure-suite.js';
import { hostileSuite } from '../../common/testing/hostile-suite.js';
import { host } from './host.js';

describe.each(TOKEN_MODES)('the common face, %s', (mode) => faceSuite(host, mode));
describe('hostile bodies', () => hostileSuite(host));
describe('failures', () => failureSuite(host));
