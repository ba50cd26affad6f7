import { describe } from 'vitest';
import { sameFaceSuite } from '../../common/testing/same-face-suite.js';
import { host as express } from '../../express/test/host.js';
import { host } from './host.js';

describe('the answers of the Express example', () => sameFaceSuite(express, host));
