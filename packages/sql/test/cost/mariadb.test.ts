import { costSuite } from './cost-suite.js';
import { openMariadb } from './databases.js';

costSuite('MariaDB', openMariadb);
