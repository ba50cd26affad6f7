import type { Session, Sessions } from '@sess/core';
import type { BoundPort, Exchange, ProvenOperations, Reply } from '@sess/core/http';
import { type EngineContext, parseRefreshToken, problemReply } from '@sess/core/internal';
import type { LoadResult } from '@sess/core/store';
import { createReplayMemory, isForRequest, isForToken } from './claims.js';
import { noncesOf } from './nonce.js';
import { createOperations, type NonceSource, verifyByKey } from './operations.js';
import { ALGORITHMS, createSignatureCheck, type DpopProof, parseDpopProof } from './proof.js';

/** An engine that verifies the tokens of another service, by their claims. */
interface KeyedVerifier {
  verify(token: string, how: { readonly jkt: string }): ReturnType<Sessions<object>['verify']>;
}

type Refusal = 'invalid_dpop_proof' | 'use_dpop_nonce' | 'invalid_token';
/** A client that has another key than that of its refresh token can never use it again. */
type GrantRefusal = Refusal | 'invalid_grant';

const CHALLENGE = `DPoP algs="${ALGORITHMS}"`;

/** Creates what a middleware asks about proofs for one engine. */
export function createDpopPort(given: {
  readonly sessions: Sessions<object>;
  /** Absent for an engine without a store. */
  readonly context: EngineContext | undefined;
  readonly origin: string;
  readonly required: boolean;
}): BoundPort {
  const { sessions, context, origin, required } = given;
  // Tokens that are not looked up have no record whose salt could make a nonce.
  const hasNonces = sessions.kind === 'stored' && context !== undefined;
  const isSigned = createSignatureCheck();
  const isFirst = createReplayMemory();
  /** The keys that requests have proved for their access token: a sign-in must not find their proofs used. */
  const proven = new WeakMap<Exchange, string>();

  /** Returns the proof of a request if it is of the form, for the request, and of this moment. */
  function readProof(exchange: Exchange): DpopProof | undefined {
    const { path, requestedPath = path, method } = exchange;
    const proof = parseDpopProof(exchange.header('dpop'));
    const target = { method, url: origin + requestedPath, at: sessions.clock.now() };
    return proof !== undefined && isForRequest(proof, target) ? proof : undefined;
  }

  /** The rest of the checks: those that cost a signature, and the nonce. */
  async function verify(
    proof: DpopProof,
    source: NonceSource | undefined,
  ): Promise<Refusal | undefined> {
    const at = sessions.clock.now();
    if (!(await isSigned(proof))) return 'invalid_dpop_proof';
    const isFresh =
      source === undefined || noncesOf(source, at).includes(String(proof.claims['nonce']));
    if (!isFresh) return 'use_dpop_nonce';
    return isFirst(proof, at) ? undefined : 'invalid_dpop_proof';
  }

  function offerNonce(exchange: Exchange, source: NonceSource | undefined): void {
    if (!hasNonces || source === undefined) return;
    exchange.setHeader('DPoP-Nonce', noncesOf(source, sessions.clock.now())[0]);
  }

  /** Reports a token whose proof is refused, unless the client only lacks the nonce, as every client does at some time. */
  function report(token: 'access' | 'refresh', refusal: GrantRefusal, sid?: string): void {
    if (refusal === 'use_dpop_nonce') return;
    const named = sid === undefined ? {} : { sid };
    context?.events.emit('rejected', { token, reason: 'unbound', ...named });
  }

  async function verifyToken(jkt: string, token: string) {
    if (context !== undefined) return verifyByKey(context, jkt, token);
    const result = await (sessions as KeyedVerifier).verify(token, { jkt });
    return { result, record: undefined };
  }

  function operationsFor(exchange: Exchange, jkt: string, loaded?: LoadResult): ProvenOperations {
    if (context === undefined) return sessions;
    const onWrite = (written: NonceSource): void => offerNonce(exchange, written);
    return createOperations(context, { jkt, loaded, onWrite });
  }

  /** Returns the operations for the key of a refresh token; `undefined` for one that is not bound. */
  async function proveForToken(
    exchange: Exchange,
    refreshToken: string,
  ): Promise<ProvenOperations | Reply | undefined> {
    const token = parseRefreshToken(refreshToken);
    const loaded = token && (await context?.store.load(token.sid));
    const record = loaded?.record;
    // Never bound at a refresh: a thief of the token would bind the session to his key.
    if (record?.auth.binding?.kind !== 'dpop') return undefined;
    offerNonce(exchange, record);
    const proof = readProof(exchange);
    const isOwn = record.auth.binding.jkt === proof?.jkt;
    const refusal = isOwn
      ? await verify(proof, hasNonces ? record : undefined)
      : proof === undefined
        ? 'invalid_dpop_proof'
        : 'invalid_grant';
    if (refusal === undefined) return operationsFor(exchange, record.auth.binding.jkt, loaded);
    report('refresh', refusal, record.sid);
    return refuseGrant(refusal);
  }

  return {
    async authenticate(exchange, token): Promise<Session<object> | Reply> {
      function refuseProof(refusal: Refusal, sid?: string): Reply {
        report('access', refusal, sid);
        return refuse(refusal);
      }
      const proof = readProof(exchange);
      if (proof === undefined) return refuseProof('invalid_dpop_proof');
      // Before the signature, so that garbage costs none.
      const { result, record } = await verifyToken(proof.jkt, token);
      // The engine has reported it.
      if (!result.ok) {
        return refuse(result.reason === 'unbound' ? 'invalid_dpop_proof' : 'invalid_token');
      }
      const { session } = result;
      if (session.binding?.kind !== 'dpop') return refuse('invalid_token');
      const { sid } = session;
      offerNonce(exchange, record);
      if (!isForToken(proof, token)) return refuseProof('invalid_dpop_proof', sid);
      const refusal = await verify(proof, hasNonces ? record : undefined);
      if (refusal !== undefined) return refuseProof(refusal, sid);
      proven.set(exchange, proof.jkt);
      return session;
    },

    async prove(exchange, refreshToken): Promise<ProvenOperations | Reply | undefined> {
      const known = proven.get(exchange);
      if (known !== undefined) return operationsFor(exchange, known);
      const isSent = exchange.header('dpop') !== undefined;
      // Without a proof the engine refuses a token that is bound.
      if (refreshToken !== undefined) {
        return isSent ? proveForToken(exchange, refreshToken) : undefined;
      }
      if (!isSent && !required) return undefined;
      const proof = readProof(exchange);
      const refusal = proof === undefined ? 'invalid_dpop_proof' : await verify(proof, undefined);
      return proof === undefined || refusal !== undefined
        ? refuseGrant(refusal ?? 'invalid_dpop_proof')
        : operationsFor(exchange, proof.jkt);
    },

    refuseRefresh: () => refuseGrant('invalid_dpop_proof'),

    refuse: (exchange) =>
      exchange.authorization().length === 0
        ? problemReply('session_required', {
            challenge: required ? CHALLENGE : `Bearer, ${CHALLENGE}`,
          })
        : undefined,
  };
}

/** The reply to a request with an access token (RFC 9449, section 7.1). */
function refuse(error: Refusal): Reply {
  return problemReply('invalid_token', {
    challenge: `DPoP error="${error}", algs="${ALGORITHMS}"`,
    members: { code: error },
  });
}

/** The reply to a request with a refresh token (RFC 9449, sections 5 and 8; RFC 6749, section 5.2). */
function refuseGrant(error: GrantRefusal): Reply {
  return {
    status: 400,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    body: JSON.stringify({ error }),
  };
}
