import {
  type AccessTokenContext,
  type AccessTokenPort,
  type AuthPart,
  type SessionRecord,
  type StorePort,
  tagOf,
} from '@sess/core/engine';
import type { Denial } from '@sess/core/store';
import type { DenylistClient } from './denylist-client.js';

/** Signed times are whole seconds: a token may be accepted for so long after the moment that the record says. */
const ROUNDING = 1_000;

/**
 * Returns the parts of an `AccessTokenPort` that attach a denylist to an engine.
 *
 * @param leeway milliseconds that tokens are accepted beyond their expiry
 */
export function attachDenylist(
  { store }: Pick<AccessTokenContext, 'store'>,
  { denylist, leeway }: { readonly denylist: DenylistClient; readonly leeway: number },
): Required<Pick<AccessTokenPort, 'store' | 'tokenVersion' | 'recheck' | 'confirm' | 'close'>> {
  return {
    store: createRevokingStore(store, denylist, leeway),
    tokenVersion: denylist.currentVersion,
    async recheck({ sid, auth }, at) {
      const version = await denylist.currentVersion(tagOf(sid));
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
    close: denylist.close,
  };
}

/**
 * A store port that also denies the signed tokens of what it ends. Tokens are denied first: a call that fails in
 * between leaves a session whose next refresh brings a good token, where the other order would leave a token that
 * nobody can end any more. One that was to be ended as a whole stays denied until its end is tried again, or
 * the denial runs out.
 *
 * @param leeway milliseconds that tokens are accepted beyond their time
 */
export function createRevokingStore(
  store: StorePort,
  denylist: DenylistClient,
  leeway: number,
): StorePort {
  const acceptedBeyond = leeway + ROUNDING;
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

  const denying: StorePort = {
    ...store,
    async insert(record, limit, given) {
      const first = await store.insert(record, { ...limit, onLimit: 'reject' }, given);
      if (first.status !== 'limit' || limit.onLimit === 'reject') {
        return denyReplaced(record.sid, first, given?.replaces);
      }
      // A store reports only afterwards which sessions it evicted. So room is made before, and what cannot be denied stays.
      const { records } = await store.list(tagOf(record.sid));
      const others = records.filter(({ sid }) => sid !== given?.replaces).sort(compareByUse);
      const evicted: string[] = [];
      for (const old of others.slice(0, Math.max(0, others.length - limit.max + 1))) {
        if ((await denying.remove(old.sid, old)).status === 'removed') evicted.push(old.sid);
      }
      const answer = await store.insert(record, limit, given);
      if (answer.status !== 'inserted') return answer;
      // Another sign-in may have taken the room. A failure is the caller's to see.
      await denyTokens(record.sid, answer.evicted.map(toSessionDenial));
      return denyReplaced(
        record.sid,
        { ...answer, evicted: evicted.concat(answer.evicted) },
        given?.replaces,
      );
    },
    async replaceAuth(record, auth, markReplayed) {
      await denyTokens(record.sid, denialsOf(record.auth, auth, acceptedBeyond));
      return store.replaceAuth(record, auth, markReplayed);
    },
    async remove(sid, record) {
      // A session judged by its record may be re-authenticated meanwhile: only what was judged is denied.
      const denials = record === undefined ? [toSessionDenial(sid)] : allTokensOf(record);
      await denyTokens(sid, denials);
      const answer = await store.remove(sid, record);
      // Now nobody can have it any more; and what a store that lost writes knows nothing of must die with it.
      if (record !== undefined && answer.status === 'removed') {
        await denyTokens(sid, [toSessionDenial(sid)]);
      }
      return answer;
    },
    async removeAll(tag, except) {
      // The other way round: a sign-in between the two would be removed, and its token good all the same. This way
      // such a token is denied at worst, while its session lives and brings the next one.
      const answer = await store.removeAll(tag, except);
      await denylist.denyAll(tag, except);
      return answer;
    },
    async ready() {
      await Promise.all([store.ready(), denylist.ready()]);
    },
  };
  return denying;
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
 * What becomes of the tokens of one state in the next: those left out die at once, those cut short when it says, and
 * those that nobody accepts any more need no denial.
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
