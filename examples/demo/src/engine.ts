import { randomBytes } from 'node:crypto';
import { createSessions, opaque, type Sessions, UsageError } from '@sess/core';
import { parseDuration } from '@sess/core/internal';
import { createStatelessSessions, jwt } from '@sess/jwt';
import type { OpenStore } from './open-store.js';
import { type ExampleSettings, inVariables, SettingsError } from './settings.js';
import { openStore } from './store.js';

/** A session engine, and a function that closes it with its store. */
export interface Engine {
  readonly sessions: Sessions;
  close(): Promise<void>;
}

/** Issuer and audience of signed tokens. */
const ISSUER = 'https://sess.example';

/** Engines by the value of `ACCESS_TOKENS`. */
const ENGINES: Readonly<
  Record<ExampleSettings['accessTokens'], (s: ExampleSettings, o: OpenStore) => Sessions>
> = {
  opaque: ({ durations }, { store }) =>
    createSessions({ store, accessToken: opaque(), ...durations }),

  jwt: (settings, { store, denylist }) =>
    createSessions({
      store,
      accessToken: jwt({ ...signedBy(settings), revocation: 'denylist', denylist }),
      ...settings.durations,
    }),

  stateless(settings, { denylist }) {
    const { accessTtl, absoluteTtl, grace, ...unused } = settings.durations;
    // Unused settings are validated as well: a mistake would otherwise appear with another kind of token.
    for (const [option, duration] of Object.entries(unused)) {
      parseDuration(option, duration, { min: 0 });
    }
    return createStatelessSessions({
      ...signedBy(settings),
      denylist,
      ...(accessTtl === undefined ? {} : { ttl: accessTtl }),
      ...(absoluteTtl === undefined ? {} : { absoluteTtl }),
      ...(grace === undefined ? {} : { grace }),
    });
  },
};

/**
 * Creates the session engine of the settings.
 *
 * @throws {SettingsError}
 */
export async function createEngine(settings: ExampleSettings): Promise<Engine> {
  const opened = await openStore(settings);
  try {
    const sessions = ENGINES[settings.accessTokens](settings, opened);
    // An unreachable store does not stop the start: requests get a 503 until it is back.
    await sessions.ready().catch((error: unknown) => {
      if (error instanceof UsageError) throw error;
    });
    return {
      sessions,
      async close() {
        await sessions.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    if (error instanceof UsageError) throw new SettingsError(inVariables(error.message));
    throw error;
  }
}

function signedBy({ jwtSecret, redisUrl, databaseUrl }: ExampleSettings) {
  if (jwtSecret === undefined && (redisUrl ?? databaseUrl) !== undefined) {
    throw new SettingsError(
      "JWT_SECRET: processes that share a store have to share it too. Write what 'openssl rand -base64 32' prints.",
    );
  }
  // Sessions in memory end with the process, so a random key is enough.
  const keys = jwtSecret ?? randomBytes(32).toString('base64url');
  return { keys, issuer: ISSUER, audience: ISSUER };
}
