import { pageSuite } from '../../common/testing/browser/page-suite.js';

pageSuite('hono');
