import { costSuite } from './cost-suite.js';
import { openSqlite } from './databases.js';

costSuite('SQLite', openSqlite);
