import { SessError, type Session, type Sessions } from '@sess/core';
import type { Exchange, Reply, TokenOperations } from '@sess/core/http';
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

/** What the requests of a middleware ask about proofs for one engine. */
export interface DpopPort {
  /** The challenge of a request without credentials. */
  readonly challenge: string;
  /** Returns the session of an access token that came as `Authorization: DPoP`, or the reply that guards refuse it by. */
  authenticate(exchange: Exchange, token: string): Promise<Session<object> | Reply>;
  /**
   * Returns the operations of the engine for the key that a request proves: at a sign-in or a re-authentication, or with a
   * refresh token; `undefined` if it proves none and need not.
   *
   * @param given.jkt the thumbprint of the key that it has proved for its access token: its proof has been used
   * @throws {SessError} invalid_dpop_proof, with the reply of the refresh route if there is a refresh token
   */
  prove(
    exchange: Exchange,
    given: { readonly jkt: string | undefined; readonly refreshToken?: string },
  ): Promise<TokenOperations<object> | undefined>;
}

/** Creates what the requests of a middleware ask about proofs for one engine. */
export function createDpopPort(given: {
  readonly sessions: Sessions<object>;
  /** Absent for an engine without a store. */
  readonly context: EngineContext | undefined;
  readonly origin: string;
  readonly required: boolean;
}): DpopPort {
  const { sessions, context, origin, required } = given;
  // Tokens that are not looked up have no record whose salt could make a nonce.
  const hasNonces = sessions.kind === 'stored' && context !== undefined;
  const isSigned = createSignatureCheck();
  const isFirst = createReplayMemory();

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

  function operationsFor(
    exchange: Exchange,
    jkt: string,
    loaded?: LoadResult,
  ): TokenOperations<object> {
    if (context === undefined) return sessions;
    const onWrite = (written: NonceSource): void => offerNonce(exchange, written);
    return createOperations(context, { jkt, loaded, onWrite });
  }

  /** Returns the operations for the key of a refresh token; `undefined` for one that is not bound. */
  async function proveForToken(
    exchange: Exchange,
    refreshToken: string,
  ): Promise<TokenOperations<object> | undefined> {
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
    throw new ProofError(refusal);
  }

  return {
    challenge: required ? CHALLENGE : `Bearer, ${CHALLENGE}`,

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
      return session;
    },

    async prove(exchange, { jkt, refreshToken }): Promise<TokenOperations<object> | undefined> {
      if (jkt !== undefined) return operationsFor(exchange, jkt);
      const isSent = exchange.header('dpop') !== undefined;
      // Without a proof the engine refuses a token that is bound.
      if (refreshToken !== undefined) {
        return isSent ? proveForToken(exchange, refreshToken) : undefined;
      }
      if (!isSent && !required) return undefined;
      const proof = readProof(exchange);
      const refusal = proof === undefined ? 'invalid_dpop_proof' : await verify(proof, undefined);
      if (proof === undefined || refusal !== undefined) throw new ProofError();
      return operationsFor(exchange, proof.jkt);
    },
  };
}

/** The reply to a request with an access token (RFC 9449, section 7.1). */
function refuse(error: Refusal): Reply {
  return problemReply('invalid_token', {
    challenge: `DPoP error="${error}", algs="${ALGORITHMS}"`,
    members: { code: error },
  });
}

const DETAIL = 'The proof of the key is not accepted.';

/** A sign-in, a re-authentication or a refresh whose proof is not accepted. */
export class ProofError extends SessError {
  readonly reply: Reply;

  /** @param refusal with a refresh token (RFC 9449, sections 5 and 8; RFC 6749, section 5.2) */
  constructor(refusal?: GrantRefusal) {
    super('invalid_dpop_proof', DETAIL);
    this.reply =
      refusal === undefined
        ? problemReply('invalid_data', { members: { detail: DETAIL, code: this.code } })
        : {
            status: 400,
            headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
            body: JSON.stringify({ error: refusal }),
          };
  }
}
