import { randomBytes } from 'node:crypto';
import { createSessions, opaque, type Sessions, UsageError } from '@sess/core';
import { parseDuration } from '@sess/core/options';
import { createStatelessSessions, jwt } from '@sess/jwt';
import type { OpenStore } from './open-store.js';
import { type ExampleSettings, inVariables, SettingsError } from './settings.js';
import { openStore } from './store.js';

/** A session engine, and how to end it with all that it stands on. */
export interface Engine {
  readonly sessions: Sessions;
  close(): Promise<void>;
}

/** Who signs, and for whom: the examples are both. */
const ISSUER = 'https://sess.example';

/** Engines by what `ACCESS_TOKENS` says. */
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
    // What has no effect here is still no place for a slip that shows up with the next kind of tokens.
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
 * Makes the session engine that the settings ask for.
 *
 * @throws SettingsError
 */
export async function createEngine(settings: ExampleSettings): Promise<Engine> {
  const opened = await openStore(settings);
  try {
    const sessions = ENGINES[settings.accessTokens](settings, opened);
    // A store that is away is waited for a moment only: requests are told until it is there.
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
  // In memory everything is forgotten with the process, so its key may be as well.
  const keys = jwtSecret ?? randomBytes(32).toString('base64url');
  return { keys, issuer: ISSUER, audience: ISSUER };
}
