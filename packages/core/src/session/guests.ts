import type { GuestPatch, Sessions } from '../engine.js';
import { InvalidDataError, StoreUnavailableError, UsageError } from '../errors.js';
import type { Settings } from '../options.js';
import { type DataPart, isExpired, isGuest, type SessionRecord } from '../store/record.js';
import { encodeBase64Url } from '../token/crypto.js';
import { formatRefreshToken } from '../token/format.js';
import { createSid, isSid } from '../token/session-id.js';
import type { Guest, IssuedGuest, OneTimeValue } from '../types.js';
import { checkPartialData, isPlainObject } from '../util/json.js';
import { hideTokens } from '../util/logger.js';
import { assertKnown } from '../util/options.js';
import type { EngineContext } from './context.js';
import { createTokenFamily } from './issue-tokens.js';
import { policyOf, type SessionPolicy } from './lifetimes.js';
import { addValue, checkOneTimeValue, stamped, withValues } from './once.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';

/** How long a guest is kept without use. */
const GUEST_IDLE_TTL_MS = 3_600_000;

const MAX_CREATE_ATTEMPTS = 4;
/** Attempts at a patch. Each conflict is the success of another write. */
const MAX_UPDATE_ATTEMPTS = 100;

const SID_EXPECTED = 'createGuest: expected a sid of 24 random bytes in base64url.';

/** Returns the times of guests. */
export function toGuestPolicy(settings: Settings): SessionPolicy {
  const idleTtl = Math.min(GUEST_IDLE_TTL_MS, settings.idleTtl);
  return policyOf(settings, { idleTtl, absoluteTtl: settings.absoluteTtl });
}

/** Returns the public part of the record of a guest. */
export function toGuest<Data extends object>({
  sid,
  data,
  createdAt,
  auth,
}: SessionRecord): Guest<Data> {
  return Object.freeze({
    sid,
    data: data.data as Partial<Data>,
    createdAt,
    expiresAt: auth.expiresAt,
  });
}

/** Creates `createGuest` and `updateGuest`. */
export function createGuests<Data extends object>(
  context: EngineContext,
): Pick<Sessions<Data>, 'createGuest' | 'updateGuest'> {
  const { settings, store, time, tagOfSubject, runExclusive } = context;
  const { random, schema, maxDataLength } = settings;
  const policy = toGuestPolicy(settings);

  const checkGuestData = (data: object): Promise<object> =>
    checkPartialData(schema, data, maxDataLength);

  /** Guests have no access token. */
  function draft(sid: string, data: DataPart, at: number) {
    const { auth, ...fresh } = createTokenFamily({ at, policy, random });
    const record: SessionRecord = {
      sid,
      createdAt: at,
      authVersion: 1,
      dataVersion: 1,
      auth: { ...auth, access: [], accessCount: -1 },
      data,
    };
    return { ...fresh, record };
  }

  async function createGuest(
    given: {
      readonly data?: Partial<Data>;
      readonly put?: OneTimeValue;
      readonly sid?: string;
    } = {},
  ): Promise<IssuedGuest<Data>> {
    assertKnown('createGuest', given, ['data', 'put', 'sid']);
    const value = given.put === undefined ? undefined : checkOneTimeValue(given.put);
    // Each guest has a subject, so that neither limits nor a revoke-all ever concern two of them.
    const subject = `guest:${encodeBase64Url(random(12))}`;
    const empty: DataPart = Object.freeze({
      subject,
      device: Object.freeze({}),
      data: await checkGuestData(given.data ?? {}),
      guest: true as const,
    });
    const { sid = createSid(tagOfSubject(subject), random) } = given;
    if (!isSid(sid)) throw new UsageError('invalid_argument', SID_EXPECTED);
    await store.sampleTime(sid);
    let at = time.now();
    for (let attempt = 0; attempt < MAX_CREATE_ATTEMPTS; attempt += 1) {
      const data = value === undefined ? empty : withValues(empty, addValue([], value, at));
      const { record, generation, family, refreshSecret: secret } = draft(sid, data, at);
      const result = await store.insert(record, settings.limit);
      if (result.status === 'inserted') {
        settings.logger.debug({ sid }, 'guest created');
        return hideTokens({
          guest: toGuest<Data>(record),
          refreshToken: formatRefreshToken({ sid, family, generation, secret }),
          issuedAt: at,
        });
      }
      // The local clock is ahead of the store's.
      at = result.status === 'revoked' ? result.revokedBefore + 1 : time.now();
    }
    throw new StoreUnavailableError('The store refused a new guest. Try again.');
  }

  async function updateGuest(
    sid: string,
    patch: GuestPatch<Data>,
  ): Promise<Guest<Data> | undefined> {
    if (typeof patch !== 'function' && !isPlainObject(patch)) {
      throw new InvalidDataError('A patch must be a plain object or a function.');
    }
    if (!isSid(sid)) return undefined;
    const decide = async (
      record: SessionRecord,
      at: number,
    ): Promise<Attempt<Guest<Data> | undefined>> => {
      if (isExpired(record, at) || !isGuest(record)) return { outcome: undefined };
      const current = record.data.data as Partial<Data>;
      const isFunction = typeof patch === 'function';
      const next = isFunction ? patch(current) : { ...current, ...patch };
      const part = Object.freeze({ ...record.data, data: await checkGuestData(next) });
      const data = isFunction ? stamped(part, random) : part;
      return {
        outcome: toGuest<Data>({ ...record, data }),
        write: () => store.replaceData(record, data),
      };
    };
    return runExclusive(sid, () =>
      updateWithRetry(store, { sid, maxAttempts: MAX_UPDATE_ATTEMPTS, decide }),
    );
  }

  return { createGuest, updateGuest };
}
