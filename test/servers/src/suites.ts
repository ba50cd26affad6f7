import type { ProvidedServer, ProvidedServers } from './provision.js';
import { startRedisServer } from './redis-server.js';
import { type Flavour, NoServerBinaryError, type ServerBinary } from './server-binary.js';

/**
 * The program of a server that was provided. To be called in `beforeAll`, where what it throws
 * fails the tests that need the server and no others.
 *
 * @throws NoServerBinaryError that names the ways to a server.
 */
export function requireServer(provided: ProvidedServer): ServerBinary {
  if (provided.binary === undefined) throw new NoServerBinaryError(provided.missing);
  return provided.binary;
}

/** A suite's run against one kind of server. */
export interface ServerChoice {
  readonly flavour: Flavour;
  /** For `describe`; says why, if the run is to be skipped. */
  readonly title: string;
  readonly skip: boolean;
  /** @throws as {@link requireServer} does. */
  binary(): ServerBinary;
}

/**
 * The runs of a suite that is for Redis and Valkey alike. The one against Redis is never skipped:
 * without a server its tests fail, lest a machine without one report that all is well.
 */
export function serverChoices(servers: ProvidedServers): readonly ServerChoice[] {
  const { redis, valkey } = servers;
  const why = valkey.missing?.split('\n', 1).join('');
  return [
    { flavour: 'redis', title: 'redis', skip: false, binary: () => requireServer(redis) },
    {
      flavour: 'valkey',
      title: why === undefined ? 'valkey' : `valkey, skipped: ${why}`,
      skip: why !== undefined,
      binary: () => requireServer(valkey),
    },
  ];
}

/** A server that may belong to the developer: it must not be stopped, flushed or configured. */
export interface StandaloneServer {
  readonly url: string;
  /** Ends the server if it was started for the test. */
  stop(): Promise<void>;
}

/**
 * One server for tests that only send commands: that of REDIS_URL where it is set, else a fresh
 * one. The former may hold the keys of others, so tests keep to a prefix of their own.
 *
 * @throws Error when REDIS_URL is set and of no use; NoServerBinaryError when there is nothing to
 *   start.
 */
export async function openStandalone(servers: ProvidedServers): Promise<StandaloneServer> {
  const { external, redis } = servers;
  if (external === undefined) return startRedisServer({ binary: requireServer(redis) });
  if (external.url === undefined) throw new Error(external.problem);
  return { url: external.url, stop: async () => {} };
}
