import type { VerifyResult } from '@sess/core';
import type { TokenOperations } from '@sess/core/http';
import {
  createCreate,
  createElevate,
  createRefresh,
  createVerify,
  decideRefresh,
  type EngineContext,
  unbind,
} from '@sess/core/internal';
import type { AuthPart, LoadResult, SessionRecord } from '@sess/core/store';

/** What makes the nonces of a session. */
export type NonceSource = Pick<SessionRecord, 'sid'> & { readonly auth: Pick<AuthPart, 'steps'> };

/** Verifies an access token for a key. Returns the record, too, unless the token was verified without one. */
export async function verifyByKey(
  context: EngineContext,
  jkt: string,
  token: string,
): Promise<{ readonly result: VerifyResult<object>; readonly record: SessionRecord | undefined }> {
  const { store, tokens } = context;
  let record: SessionRecord | undefined;
  // The engine refuses a record with a key. One of this key it sees without it.
  const keep = (found: SessionRecord | undefined): SessionRecord | undefined => {
    record = found ?? record;
    return found?.auth.binding?.jkt === jkt ? unbind(found) : found;
  };
  // By its claims, or by its record.
  if (tokens.verify !== undefined) return { result: await tokens.verify(token, jkt), record };
  const verify = createVerify<object>({
    ...context,
    store: {
      ...store,
      getCached: (sid) => keep(store.getCached(sid)),
      loadRecord: (sid) => store.loadRecord(sid).then(keep),
    },
  });
  const result = await verify(token);
  const binding = record?.auth.binding;
  if (!result.ok || binding?.jkt === undefined) return { result, record };
  return { result: { ok: true, session: Object.freeze({ ...result.session, binding }) }, record };
}

/**
 * Returns the operations of an engine for a key.
 *
 * @param given.loaded the session of the refresh token, so that it is not read again
 * @param given.onWrite called with what a sign-in, a refresh or a re-authentication writes
 */
export function createOperations(
  context: EngineContext,
  given: {
    readonly jkt: string;
    readonly loaded: LoadResult | undefined;
    readonly onWrite: (written: NonceSource) => void;
  },
): TokenOperations<object> {
  const { jkt, onWrite } = given;
  const { store } = context;
  let { loaded } = given;
  const binding = Object.freeze({ kind: 'dpop' as const, jkt });
  const keyed: EngineContext = {
    ...context,
    rules: {
      ...context.rules,
      refresh(attempt) {
        const { record } = attempt;
        if (record.auth.binding?.jkt !== jkt) return context.rules.refresh(attempt);
        const plain = unbind(record);
        const decision = decideRefresh({ ...attempt, record: plain });
        if (decision.kind !== 'answer') return decision;
        const isKept = decision.auth === plain.auth;
        return { ...decision, auth: isKept ? record.auth : { ...decision.auth, binding } };
      },
      issue: (auth) => ({ ...auth, binding }),
    },
    store: {
      ...store,
      load(sid) {
        const known = loaded?.record?.sid === sid ? loaded : undefined;
        // Once: after a conflict, what counts is what the store has by then.
        loaded = undefined;
        return known === undefined ? store.load(sid) : Promise.resolve(known);
      },
      insert(record, ...rest) {
        onWrite(record);
        return store.insert(record, ...rest);
      },
      replaceAuth(record, auth, ...rest) {
        onWrite({ sid: record.sid, auth });
        return store.replaceAuth(record, auth, ...rest);
      },
    },
  };
  return {
    create: createCreate<object>(keyed),
    elevate: createElevate<object>(keyed),
    refresh: createRefresh<object>(keyed),
  };
}
