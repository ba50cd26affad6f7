import { pageSuite } from '../browser/page-suite.js';

pageSuite('hono');
