import {
  type AccessTokenContext,
  type AccessTokenPort,
  type StorePort,
  tagOf,
} from '@sess/core/internal';
import type { AuthPart, Denial, SessionRecord } from '@sess/core/store';

import type { DenylistClient } from './denylist-client.js';

/** Signed times are whole seconds: a token may be accepted this long after the time in the record. */
const ROUNDING_MS = 1_000;

/**
 * Returns the parts of an `AccessTokenPort` that attach a denylist to an engine.
 *
 * @param leeway milliseconds that tokens are accepted after their expiry
 */
export function attachDenylist(
  { store }: Pick<AccessTokenContext, 'store'>,
  { denylist, leeway }: { readonly denylist: DenylistClient; readonly leeway: number },
): Required<
  Pick<AccessTokenPort, 'store' | 'tokenVersion' | 'recheck' | 'confirm' | 'expireAll' | 'close'>
> {
  return {
    store: createRevokingStore(store, denylist, leeway),
    tokenVersion: denylist.currentVersion,
    async recheck({ sid, auth }, at, issued) {
      const version = issued ?? (await denylist.currentVersion(tagOf(sid)));
      const jti = auth.access.at(-1)?.digest ?? '';
      return { version, isAccessDead: await denylist.isDenied({ sid, jti, version }, at) };
    },
    // A revoke-all after the record was loaded does not deny a token whose version was read after that revoke-all.
    // Only a session that is still there afterwards may have such a token.
    async confirm({ sid, authVersion }) {
      const { record, now } = await store.load(sid);
      if (record === undefined) return { status: 'absent', now };
      return record.authVersion === authVersion
        ? { status: 'replaced', now }
        : { status: 'conflict', record, now };
    },
    // Refreshes are not affected: they find the access token dead and issue another one.
    expireAll: (tag) => denylist.denyAll(tag),
    close: denylist.close,
  };
}

/**
 * Creates a store that also denies the signed tokens of the sessions that it ends. Tokens are denied first. If a later
 * call fails, the session lives on and its next refresh returns a valid token. In the other order, a token could
 * remain that no later call ends.
 */
export function createRevokingStore(
  store: StorePort,
  denylist: DenylistClient,
  leeway: number,
): StorePort {
  const acceptedBeyond = leeway + ROUNDING_MS;
  const denyTokens = (sid: string, denials: readonly Denial[]): Promise<void> =>
    denylist.deny(tagOf(sid), denials);

  /** The replaced session has ended with the insert, and its tokens must end with it. */
  async function denyReplaced<Result extends { readonly status: string }>(
    sid: string,
    result: Result,
    replaced: string | undefined,
  ): Promise<Result> {
    if (result.status === 'inserted' && replaced !== undefined) {
      await denyTokens(sid, [toSessionDenial(replaced)]);
    }
    return result;
  }

  const revoking: StorePort = {
    ...store,
    async insert(record, limit, given) {
      const first = await store.insert(record, { ...limit, onLimit: 'reject' }, given);
      if (first.status !== 'limit' || limit.onLimit === 'reject') {
        return denyReplaced(record.sid, first, given?.replaces);
      }
      // A store that evicts names the evicted sessions only afterwards. Their tokens must be denied before.
      const { records } = await store.list(tagOf(record.sid));
      const others = records.filter(({ sid }) => sid !== given?.replaces).sort(compareByUse);
      const evicted: string[] = [];
      for (const old of others.slice(0, Math.max(0, others.length - limit.max + 1))) {
        if ((await revoking.remove(old.sid, old)).status === 'removed') evicted.push(old.sid);
      }
      const result = await store.insert(record, limit, given);
      if (result.status !== 'inserted') return result;
      // Another sign-in took the room, so that the store evicted after all.
      await denyTokens(record.sid, result.evicted.map(toSessionDenial));
      return denyReplaced(
        record.sid,
        { ...result, evicted: evicted.concat(result.evicted) },
        given?.replaces,
      );
    },
    async replaceAuth(record, auth, markReplayed) {
      await denyTokens(record.sid, denialsOf(record.auth, auth, acceptedBeyond));
      return store.replaceAuth(record, auth, markReplayed);
    },
    async remove(sid, record) {
      // A session that is judged by its record may be re-authenticated in the meantime: only the tokens of the record
      // are denied.
      const denials = record === undefined ? [toSessionDenial(sid)] : allTokensOf(record);
      await denyTokens(sid, denials);
      const result = await store.remove(sid, record);
      // The removed session may have tokens that a store which lost writes does not know.
      if (record !== undefined && result.status === 'removed') {
        await denyTokens(sid, [toSessionDenial(sid)]);
      }
      return result;
    },
    async removeAll(tag, except) {
      const result = await store.removeAll(tag, except);
      await denylist.denyAll(tag, except);
      // A sign-in between the two calls has a session whose token is denied. It ends as if it had come first.
      let { count } = result;
      const { records } = await store.list(tag);
      for (const { sid } of records) {
        if (sid !== except && (await revoking.remove(sid)).status === 'removed') count += 1;
      }
      return { ...result, count };
    },
    async ready() {
      await Promise.all([store.ready(), denylist.ready()]);
    },
  };
  return revoking;
}

/** The order of eviction: least recent use first, then the lowest sid. */
function compareByUse(left: SessionRecord, right: SessionRecord): number {
  return left.auth.lastUsedAt - right.auth.lastUsedAt || (left.sid < right.sid ? -1 : 1);
}

function toSessionDenial(sid: string): Denial {
  return { kind: 'session', id: sid };
}

function allTokensOf({ auth }: SessionRecord): readonly Denial[] {
  return auth.access.map(({ digest }) => ({ kind: 'token', id: digest }));
}

/**
 * Returns the denials that a change of the auth part needs: for tokens that it leaves out, and for tokens whose life it
 * shortens. Tokens that have expired need none.
 */
function denialsOf(before: AuthPart, after: AuthPart, acceptedBeyond: number): readonly Denial[] {
  const denials: Denial[] = [];
  for (const { digest, expiresAt } of before.access) {
    if (expiresAt + acceptedBeyond <= after.lastUsedAt) continue;
    const kept = after.access.find((entry) => entry.digest === digest);
    if (kept === undefined) denials.push({ kind: 'token', id: digest });
    else if (kept.expiresAt < expiresAt) {
      denials.push({ kind: 'token', id: digest, from: kept.expiresAt });
    }
  }
  return denials;
}
