import type { Session, Sessions } from '@sess/core';
import type { BoundPort, Exchange, ProvenOperations, Reply } from '@sess/core/http';
import {
  createCreate,
  createElevate,
  createRefresh,
  createVerify,
  type EngineContext,
  parseRefreshToken,
  problemReply,
} from '@sess/core/internal';
import type { SessionRecord } from '@sess/core/store';
import { createReplayMemory, isForRequest, isForToken } from './claims.js';
import { noncesOf } from './nonce.js';
import { ALGORITHMS, createSignatureCheck, type DpopProof, parseDpopProof } from './proof.js';

/** An engine that verifies the tokens of another service, by their claims. */
interface KeyedVerifier {
  verify(token: string, how: { readonly jkt: string }): ReturnType<Sessions<object>['verify']>;
}

type Refusal = 'invalid_dpop_proof' | 'use_dpop_nonce' | 'invalid_token';

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
  const store = sessions.kind === 'stored' ? context?.store : undefined;
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
    record: SessionRecord | undefined,
  ): Promise<Refusal | undefined> {
    const at = sessions.clock.now();
    if (!(await isSigned(proof))) return 'invalid_dpop_proof';
    const isFresh =
      record === undefined || noncesOf(record, at).includes(String(proof.claims['nonce']));
    if (!isFresh) return 'use_dpop_nonce';
    return isFirst(proof, at) ? undefined : 'invalid_dpop_proof';
  }

  function offerNonce(exchange: Exchange, record: SessionRecord | undefined): void {
    if (record === undefined) return;
    exchange.setHeader('DPoP-Nonce', noncesOf(record, sessions.clock.now())[0]);
  }

  const verifyFor = (jkt: string, token: string) =>
    context === undefined
      ? (sessions as KeyedVerifier).verify(token, { jkt })
      : createVerify<object>({ ...context, jkt })(token);

  function operationsFor(jkt: string): ProvenOperations {
    if (context === undefined) return sessions;
    const keyed = { ...context, jkt };
    return {
      create: createCreate<object>(keyed),
      elevate: createElevate<object>(keyed),
      refresh: createRefresh<object>(keyed),
    };
  }

  return {
    async authenticate(exchange, token): Promise<Session<object> | Reply> {
      const proof = readProof(exchange);
      if (proof === undefined) return refuse('invalid_dpop_proof');
      // Before the signature, so that garbage costs none.
      const result = await verifyFor(proof.jkt, token);
      if (!result.ok) {
        return refuse(result.reason === 'unbound' ? 'invalid_dpop_proof' : 'invalid_token');
      }
      const { session } = result;
      if (session.binding?.kind !== 'dpop') return refuse('invalid_token');
      const { sid } = session;
      const record = store?.getCached(sid) ?? (await store?.loadRecord(sid));
      offerNonce(exchange, record);
      if (!isForToken(proof, token)) return refuse('invalid_dpop_proof');
      const refusal = await verify(proof, record);
      if (refusal !== undefined) return refuse(refusal);
      proven.set(exchange, proof.jkt);
      return session;
    },

    async prove(exchange, refreshToken): Promise<ProvenOperations | Reply | undefined> {
      const known = proven.get(exchange);
      if (known !== undefined) return operationsFor(known);
      const isSent = exchange.header('dpop') !== undefined;
      const proof = readProof(exchange);
      let record: SessionRecord | undefined;
      if (refreshToken === undefined) {
        if (!isSent && !required) return undefined;
      } else {
        const token = parseRefreshToken(refreshToken);
        record = token && (await context?.store.loadRecord(token.sid));
        // Never bound at a refresh: a thief of the token would bind the session to his key.
        if (record?.auth.binding?.kind !== 'dpop') return undefined;
        if (store !== undefined) offerNonce(exchange, record);
        if (record.auth.binding.jkt !== proof?.jkt) return refuseGrant('invalid_dpop_proof');
      }
      if (proof === undefined) return refuseGrant('invalid_dpop_proof');
      const refusal = await verify(proof, store && record);
      return refusal === undefined ? operationsFor(proof.jkt) : refuseGrant(refusal);
    },

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
function refuseGrant(error: Refusal): Reply {
  return {
    status: 400,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    body: JSON.stringify({ error }),
  };
}
