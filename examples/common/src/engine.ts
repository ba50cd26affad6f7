import {
  type AccessTokens,
  createSessions,
  memoryStore,
  opaque,
  type SessionStore,
  type Sessions,
  UsageError,
} from '@sess/core';
import { type ExampleSettings, inVariables, SettingsError } from './settings.js';

/**
 * Makes the session engine that the settings ask for.
 *
 * @throws SettingsError
 */
export function createEngine(settings: ExampleSettings): Sessions {
  const accessToken = createAccessTokens(settings);
  const store = createStore(settings);
  try {
    return createSessions({ store, accessToken, ...settings.durations });
  } catch (error) {
    if (error instanceof UsageError) throw new SettingsError(inVariables(error.message));
    throw error;
  }
}

/** Where `redisStore()` of `@sess/redis` plugs in. */
function createStore({ redisUrl }: ExampleSettings): SessionStore {
  if (redisUrl === undefined) return memoryStore();
  throw new SettingsError(
    'REDIS_URL: Redis comes with @sess/redis, which is not in this build. Leave REDIS_URL out to keep sessions in memory.',
  );
}

/** Where `jwt()` of `@sess/jwt` plugs in. */
function createAccessTokens({ accessTokens }: ExampleSettings): AccessTokens {
  if (accessTokens === 'opaque') return opaque();
  throw new SettingsError(
    `ACCESS_TOKENS: '${accessTokens}' comes with @sess/jwt, which is not yet in this build. Write opaque, or leave it out.`,
  );
}
