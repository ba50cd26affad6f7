export { type ProvidedBrowser, provideBrowser } from './browser.js';
export type { ClusterNode } from './cluster-view.js';
export type { Report } from './debian-packages.js';
export { findMariadb, type MariadbServer, startMariadb } from './mariadb-server.js';
export { type PgbouncerServer, startPgbouncer } from './pgbouncer-server.js';
export { findPostgres, type PostgresServer, startPostgres } from './postgres-server.js';
export type { ProvidedServer, ProvidedServers, ProvidedUrl } from './provision.js';
export type { ProxyRequest, ProxyTally, ProxyVerdict } from './proxy-connection.js';
export {
  type FailoverKind,
  type RedisCluster,
  type RedisClusterOptions,
  startRedisCluster,
} from './redis-cluster.js';
export type { RedisConfig } from './redis-config.js';
export {
  type SentinelGroup,
  type SentinelGroupOptions,
  startSentinelGroup,
} from './redis-sentinel.js';
export {
  type RedisServer,
  type RedisServerOptions,
  startRedisServer,
} from './redis-server.js';
export { ask, connectResp, type RespConnection, type RespReply, type RespTarget } from './resp.js';
export { RespError, type RespValue } from './resp-parser.js';
export {
  type FindServerBinaryOptions,
  type Flavour,
  findServerBinary,
  NoServerBinaryError,
  type ServerBinary,
} from './server-binary.js';
export type { SlotMove } from './slot-move.js';
export {
  openStandalone,
  requireServer,
  type ServerChoice,
  type StandaloneServer,
  serverChoices,
} from './suites.js';
export { startTcpForwarder, type TcpForwarder } from './tcp-forwarder.js';
export { type ProxyCounters, type ProxyHooks, startTcpProxy, type TcpProxy } from './tcp-proxy.js';
export { sleep, type UntilOptions, until } from './wait.js';
