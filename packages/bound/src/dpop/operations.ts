import type { VerifyResult } from '@sess/core';
import type { ProvenOperations } from '@sess/core/http';
import {
  createCreate,
  createElevate,
  createRefresh,
  createVerify,
  type EngineContext,
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
  const { store } = context;
  let record: SessionRecord | undefined;
  const keep = (found: SessionRecord | undefined): SessionRecord | undefined => {
    record = found ?? record;
    return found;
  };
  const verify = createVerify<object>({
    ...context,
    jkt,
    store: {
      ...store,
      getCached: (sid) => keep(store.getCached(sid)),
      loadRecord: (sid) => store.loadRecord(sid).then(keep),
    },
  });
  const result = await verify(token);
  return { result, record };
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
): ProvenOperations {
  const { jkt, onWrite } = given;
  const { store } = context;
  let { loaded } = given;
  const keyed: EngineContext = {
    ...context,
    jkt,
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
