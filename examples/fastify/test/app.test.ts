import { describe } from 'vitest';
import { faceSuite } from '../../common/testing/face-suite.js';
import { failureSuite } from '../../common/testing/failure-suite.js';
import { hostileSuite } from '../../common/testing/hostile-suite.js';
import { host } from './host.js';

describe('the common face', () => faceSuite(host));
describe('hostile bodies', () => hostileSuite(host));
describe('failures', () => failureSuite(host));
