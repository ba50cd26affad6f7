import { accessSuite } from '../../common/testing/browser/access-suite.js';
import { pageSuite } from '../../common/testing/browser/page-suite.js';

pageSuite('express');
accessSuite('express');
