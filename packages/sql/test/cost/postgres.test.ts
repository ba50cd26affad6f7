import { costSuite } from './cost-suite.js';
import { openPostgres } from './databases.js';

costSuite('PostgreSQL', openPostgres);
