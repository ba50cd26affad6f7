// Runs SQLite in memory, and shows that the types of the clients of other databases fit.
import { createSessions } from '@sess/core';
import { mysqlStore } from '@sess/sql/mysql';
import { postgresStore } from '@sess/sql/postgres';
import { sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { expect } from './expect.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const store = sqliteStore(new Database(':memory:'));
await store.migrate();
const sessions = createSessions({ store, logger });
const { accessToken } = await sessions.create({ subject: 'ada' });
expect((await sessions.verify(accessToken)).ok, 'the access token is accepted');
await sessions.close();

const pool = new pg.Pool({ host: '127.0.0.1', port: 1 });
expect(typeof postgresStore(pool).load === 'function', 'a pool of pg is accepted');
const other = mysql.createPool({ host: '127.0.0.1', port: 1 });
expect(typeof mysqlStore(other).load === 'function', 'a pool of mysql2 is accepted');
await Promise.all([pool.end(), other.end()]);
