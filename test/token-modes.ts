import { dbsc, dpop } from '@sess/bound';
import { createSessions, memoryStore, type Sessions } from '@sess/core';
import { systemClock } from '@sess/core/internal';
import { createStatelessSessions, generateKey, jwt, memoryDenylist } from '@sess/jwt';
import { silentLogger } from '@sess/testkit';
import type { AdapterSuiteOptions } from '@sess/testkit/suites';
import type { EngineSetup, SignedEngines, TokenMode } from './kit.js';

const ISSUER = 'https://api.example.com';
const SECRET = 'a secret of at least thirty-two bytes';

async function signedBy({ keys }: Pick<EngineSetup, 'keys'>) {
  return {
    keys: keys === 'secret' ? SECRET : await generateKey('ES256'),
    issuer: ISSUER,
    audience: ISSUER,
  };
}

/** Engines with signed tokens, for suites that are to hold with every kind of token. */
export const signedTokens: SignedEngines = {
  createDenylist: memoryDenylist,

  async jwt(setup) {
    const { clock, logger, store, denylist, revocation, options } = setup;
    const accessToken = jwt({
      ...(await signedBy(setup)),
      revocation,
      ...(revocation === 'denylist' ? { denylist } : {}),
    });
    return createSessions({ clock, logger, store, accessToken, ...options });
  },

  async stateless(setup) {
    const { clock, logger, denylist, revocation, options } = setup;
    const { accessTtl, absoluteTtl, grace } = options;
    return createStatelessSessions({
      ...(await signedBy(setup)),
      clock,
      logger,
      ttl: accessTtl,
      ...(revocation === 'denylist' ? { denylist } : {}),
      ...(absoluteTtl === undefined ? {} : { absoluteTtl }),
      ...(grace === undefined ? {} : { grace }),
    });
  },
};

/** Sessions that are bound to a key, as the adapter suite takes them. */
export const BINDINGS = {
  bound: dbsc(),
  dpop: dpop({ origin: 'https://api.example.com' }),
} satisfies AdapterSuiteOptions;

/** The same for hosts beyond the first. In the short tier they run what an adapter can get wrong, with opaque tokens. */
export const beyondShort: AdapterSuiteOptions =
  process.env['SESS_TIER'] === 'short'
    ? { protocol: false, ...BINDINGS }
    : { engines: signedTokens, ...BINDINGS };

export const TOKEN_MODES: readonly TokenMode[] = ['opaque', 'jwt', 'stateless'];

/** An engine of the kind, of its own where nothing is given, for tests that need but one. */
export async function makeEngine(
  mode: TokenMode,
  given: Partial<EngineSetup> = {},
): Promise<Sessions> {
  const setup: EngineSetup = {
    clock: systemClock,
    logger: silentLogger,
    store: memoryStore(),
    denylist: memoryDenylist(),
    revocation: 'denylist',
    keys: 'secret',
    options: { accessTtl: '15m' },
    ...given,
  };
  if (mode !== 'opaque') return signedTokens[mode](setup);
  const { clock, logger, store, options } = setup;
  return createSessions({ clock, logger, store, ...options });
}
