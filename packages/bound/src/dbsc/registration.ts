import {
  type Attempt,
  createRotationEffects,
  decidePresentation,
  type EndedSession,
  type EngineContext,
  policyOf,
  type RefreshCredential,
  unbind,
  updateWithRetry,
} from '@sess/core/internal';
import { isExpired, type SessionRecord } from '@sess/core/store';
import { type BoundCookie, createBoundCookie } from './bound-cookie.js';
import { registrationChallenge } from './challenges.js';
import { deviceOf } from './cookies.js';
import { type DeviceProof, readKey } from './proof.js';

/** How long after the authentication a key is accepted. Milliseconds. */
export const REGISTRATION_MS = 300_000;
const MAX_ATTEMPTS = 8;

type Outcome = { readonly kind: 'bound'; readonly cookie: BoundCookie } | EndedSession | undefined;

/** Creates the registration of a browser's key. The function returns `undefined` for a proof that binds nothing. */
export function createRegistration(context: EngineContext, cookieTtl: number) {
  const { settings, store } = context;
  const { end, reportEnd } = createRotationEffects(context);
  const { random } = settings;

  /** True if the cookie is a live one from before the binding, and the user has authenticated just now. */
  function mayRegister(record: SessionRecord, token: RefreshCredential, at: number): boolean {
    const { auth, data } = record;
    if (data.guest === true || isExpired(record, at) || auth.binding?.kind === 'dpop') return false;
    // The key would outlive the browser session for which alone the user is remembered.
    if (data.life?.persistent === false) return false;
    if (at - auth.authenticatedAt > REGISTRATION_MS) return false;
    const policy = policyOf(settings, data.life);
    const attempt = { record: unbind(record), token, at, policy, random, canRenew: false };
    const decision = decidePresentation(attempt);
    return decision.kind === 'accept' && decision.shown === undefined;
  }

  function bind(record: SessionRecord, key: string, at: number): Attempt<Outcome> {
    const { sid, auth, data } = record;
    const known = deviceOf(record);
    // Two holders of one cookie have each registered a key.
    if (known !== undefined && known.key !== key)
      return end(record, { kind: 'end', cause: 'reuse' });
    if (known?.isPending === false) return { outcome: undefined };
    const { overlap, grace } = policyOf(settings, data.life);
    const cookie = createBoundCookie({
      sid,
      at,
      until: auth.expiresAt,
      random,
      binding: {
        kind: 'dbsc',
        key,
        cookieTtl,
        cookies: known?.cookies ?? [],
        isPending: true,
        formerUntil: known?.formerUntil ?? at + Math.max(overlap, grace),
      },
    });
    return {
      outcome: { kind: 'bound', cookie },
      write: () => store.replaceAuth(record, { ...auth, binding: cookie.binding }),
    };
  }

  return async function register(
    token: RefreshCredential,
    proof: DeviceProof,
  ): Promise<BoundCookie | undefined> {
    if (proof.challenge !== registrationChallenge(token)) return undefined;
    let key: string | undefined;
    const outcome = await updateWithRetry<Outcome>(store, {
      sid: token.sid,
      maxAttempts: MAX_ATTEMPTS,
      async decide(record, at) {
        if (!mayRegister(record, token, at)) return { outcome: undefined };
        // After the cookie, so that garbage costs no signature.
        key ??= await readKey(proof);
        return key === undefined ? { outcome: undefined } : bind(record, key, at);
      },
    });
    if (outcome?.kind === 'end') reportEnd(token.sid, outcome);
    if (outcome?.kind !== 'bound') return undefined;
    settings.logger.info({ sid: token.sid }, 'session bound to a device');
    return outcome.cookie;
  };
}
