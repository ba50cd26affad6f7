import { type AccessTokens, createSessions, opaque, type Sessions, UsageError } from '@sess/core';
import { type ExampleSettings, inVariables, SettingsError } from './settings.js';
import { openStore } from './store.js';

/** A session engine, and how to end it with all that it stands on. */
export interface Engine {
  readonly sessions: Sessions;
  close(): Promise<void>;
}

/**
 * Makes the session engine that the settings ask for.
 *
 * @throws SettingsError
 */
export async function createEngine(settings: ExampleSettings): Promise<Engine> {
  const accessToken = createAccessTokens(settings);
  const opened = openStore(settings);
  try {
    const sessions = createSessions({ store: opened.store, accessToken, ...settings.durations });
    // A store that is away is waited for a moment only: requests are told until it is there.
    await sessions.ready().catch(() => {});
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

/** Where `jwt()` of `@sess/jwt` plugs in. */
function createAccessTokens({ accessTokens }: ExampleSettings): AccessTokens {
  if (accessTokens === 'opaque') return opaque();
  throw new SettingsError(
    `ACCESS_TOKENS: '${accessTokens}' comes with @sess/jwt, which is not yet in this build. Write opaque, or leave it out.`,
  );
}
