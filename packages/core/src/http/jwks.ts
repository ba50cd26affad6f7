import type { Sessions } from '../types.js';
import type { Exchange, Reply } from './exchange.js';
import { problemReply } from './problem.js';

/** Where verifiers look for the keys (RFC 8414, section 2, leaves the place open; this is the customary one). */
export const JWKS_PATH = '/.well-known/jwks.json';

/**
 * Kept by caches for five minutes: a key has to be published for longer than that before tokens are signed with it, and
 * verifiers that meet an unknown `kid` ask again by themselves.
 */
const CACHING = 'public, max-age=300, stale-while-revalidate=60';

const NONE_TO_PUBLISH =
  'There are no public keys: the access tokens here are opaque, or signed with a secret.';

/** Answers the engine's public keys (RFC 7517, section 5). They are public: nobody is asked who they are. */
export async function handleJwks<Data extends object>(
  sessions: Sessions<Data>,
  exchange: Exchange,
): Promise<Reply> {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
    return problemReply('method_not_allowed', { headers: { Allow: 'GET, HEAD' } });
  }
  if (sessions.publicKeys === undefined)
    return problemReply('not_found', { members: { detail: NONE_TO_PUBLISH } });
  return {
    status: 200,
    headers: { 'Cache-Control': CACHING, 'Content-Type': 'application/jwk-set+json' },
    body: JSON.stringify(await sessions.publicKeys()),
  };
}
