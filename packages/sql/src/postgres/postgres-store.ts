import { UsageError } from '@sess/core';
import { createSessionCache, readOptions, withSessionCache } from '@sess/core/internal';
import { createDatabaseCall } from '../store/errors.js';
import { createTableNames } from '../store/names.js';
import { createSqlStore, type SqlStore } from '../store/sql-store.js';
import { POSTGRES_ERRORS } from './errors.js';
import { createListening } from './near-cache.js';
import { createPostgresDialect } from './operations.js';
import { POSTGRES_READERS, type PostgresStoreOptions } from './options.js';
import { createPostgresPort, type PostgresClient } from './port.js';

/**
 * Creates a session store on PostgreSQL 13 or later. Every operation is one statement in autocommit; verification
 * reads by primary key and writes nothing.
 *
 * @param client a `pg.Pool`, a postgres.js function, a PGlite instance, or a port. It stays the caller's: `close` does
 *   not end it
 * @throws {UsageError} `invalid_option`
 */
export function postgresStore(
  client: PostgresClient,
  options: PostgresStoreOptions = {},
): SqlStore {
  const { table, schema, prepare, users, nearCache, ...settings } = readOptions(
    'postgresStore',
    options,
    POSTGRES_READERS,
  );
  const names = createTableNames({ table, schema, quote: '"' });
  const port = createPostgresPort(client, { prepare, timeout: settings.timeout });
  const call = createDatabaseCall(POSTGRES_ERRORS);
  const hasTriggers = nearCache !== undefined;
  const store = createSqlStore(
    createPostgresDialect({ port, call, names, users, hasTriggers }),
    settings,
  );
  if (nearCache === undefined) return store;

  const { listenOn = client, settings: size } = nearCache;
  const { listen } = createPostgresPort(listenOn, { prepare, timeout: settings.timeout });
  if (listen === undefined) {
    throw new UsageError(
      'invalid_option',
      'nearCache: expected a client that can listen, got one without "listen". Give nearCache.listenOn a pg.Pool or a postgres.js function.',
    );
  }
  const cache = createSessionCache({ settings: size, ...createListening({ port, names, listen }) });
  return { ...store, ...withSessionCache(store, cache) };
}
