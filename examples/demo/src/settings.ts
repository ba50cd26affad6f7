import type { Duration, SessionsOptions } from '@sess/core';
import type { Transport } from './listener.js';

/** The settings of the demo, from its environment. */
export interface ExampleSettings {
  /** 0 takes any free port. */
  readonly port: number;
  /** Absent: sessions are kept in memory. */
  readonly redisUrl: string | undefined;
  /** `postgres:`, `mysql:` or `file:`. Absent: REDIS_URL decides. */
  readonly databaseUrl: string | undefined;
  readonly accessTokens: AccessTokenKind;
  readonly transport: Transport;
  readonly jwtSecret: string | undefined;
  /** As written in the environment: the engine validates them. */
  readonly durations: Pick<SessionsOptions, DurationOption>;
}

export type AccessTokenKind = (typeof KINDS)[number];
type DurationOption = (typeof DURATIONS)[keyof typeof DURATIONS];

/** Thrown for settings that cannot be used. The message is one line and names what to write instead. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const KINDS = ['opaque', 'jwt', 'stateless'] as const;
const TRANSPORTS: readonly Transport[] = ['bearer', 'cookie', 'both'];

/** The option of `createSessions()` that each variable sets. */
const DURATIONS = {
  ACCESS_TTL: 'accessTtl',
  ACCESS_OVERLAP: 'accessOverlap',
  RENEW_AFTER: 'renewAfter',
  OVERLAP: 'overlap',
  IDLE_TTL: 'idleTtl',
  ABSOLUTE_TTL: 'absoluteTtl',
  GRACE: 'grace',
} as const;

/** The output length of the hash, the minimum for its key (RFC 7518, section 3.2). */
const SHORTEST_SECRET = 32;

/**
 * Returns the settings of an environment. An empty variable counts as absent, since shells and compose files
 * create empty ones.
 *
 * @throws {SettingsError}
 */
export function readSettings(environment: NodeJS.ProcessEnv): ExampleSettings {
  const read = (name: string): string | undefined => environment[name]?.trim() || undefined;
  return {
    port: readPort(read('PORT') ?? '3000'),
    ...readStore({ redisUrl: read('REDIS_URL'), databaseUrl: read('DATABASE_URL') }),
    accessTokens: readKind(read('ACCESS_TOKENS') ?? 'opaque'),
    transport: readTransport(read('TRANSPORT') ?? 'bearer'),
    jwtSecret: readSecret(environment['JWT_SECRET'] || undefined),
    durations: readDurations(read),
  };
}

/** Returns a message of an engine with the names of variables: `ACCESS_TTL` for `accessTtl` and `ttl`. */
export function inVariables(message: string): string {
  return [...Object.entries(DURATIONS), ['ACCESS_TTL', 'ttl'] as const].reduce(
    (text, [variable, option]) => text.replace(new RegExp(`\\b${option}\\b`, 'g'), variable),
    message,
  );
}

function readStore(
  urls: Pick<ExampleSettings, 'redisUrl' | 'databaseUrl'>,
): Pick<ExampleSettings, 'redisUrl' | 'databaseUrl'> {
  if (urls.redisUrl === undefined || urls.databaseUrl === undefined) return urls;
  throw new SettingsError(
    'DATABASE_URL: expected only one of DATABASE_URL and REDIS_URL, got both.',
  );
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new SettingsError(
    `PORT: '${text}' is not a port. Write a number from 1 to 65535, or 0 for any free port.`,
  );
}

function readKind(text: string): AccessTokenKind {
  const kind = KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new SettingsError(`ACCESS_TOKENS: '${text}' is none. Write opaque, jwt or stateless.`);
}

function readTransport(text: string): Transport {
  const transport = TRANSPORTS.find((known) => known === text);
  if (transport !== undefined) return transport;
  throw new SettingsError(`TRANSPORT: expected bearer, cookie or both, got '${text}'.`);
}

function readSecret(secret: string | undefined): string | undefined {
  if (secret === undefined || Buffer.byteLength(secret) >= SHORTEST_SECRET) return secret;
  throw new SettingsError(
    `JWT_SECRET is under ${SHORTEST_SECRET} bytes. Write what 'openssl rand -base64 32' prints.`,
  );
}

function readDurations(
  read: (variable: string) => string | undefined,
): ExampleSettings['durations'] {
  const durations: { -readonly [Option in DurationOption]?: Duration } = {};
  for (const [variable, option] of Object.entries(DURATIONS)) {
    const text = read(variable);
    if (text === undefined) continue;
    // A variable is always text, so digits alone are a number of seconds.
    durations[option] = /^\d+$/.test(text) ? Number(text) : (text as Duration);
  }
  return durations;
}
