import { accessSuite } from '../browser/access-suite.js';
import { pageSuite } from '../browser/page-suite.js';

pageSuite('express');
accessSuite('express');
