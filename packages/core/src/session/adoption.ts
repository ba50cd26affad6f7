import type { Lifetimes } from '../engine.js';
import { SessionLimitError, StoreUnavailableError } from '../errors.js';
import { MAX_COOKIE_MS } from '../options.js';
import { type AuthPart, type DataPart, isGuest, type SessionRecord } from '../store/record.js';
import { digest } from '../token/crypto.js';
import { formatRefreshToken } from '../token/format.js';
import { assertSubject } from '../token/session-id.js';
import type { Device } from '../types.js';
import { checkData, checkPartialData } from '../util/json.js';
import { createAdoptionMarks, markOf } from './adoption-marks.js';
import { unbind } from './binding.js';
import type { EngineContext } from './context.js';
import { checkDevice } from './create.js';
import { toGuestPolicy } from './guests.js';
import { toSession } from './issue-tokens.js';
import { policyOf, readLife } from './lifetimes.js';
import { decidePresentation } from './presentation.js';

/** Attempts at an insert, which the mark of a revoke-all or a clock ahead of the store's may refuse. */
const MAX_ATTEMPTS = 4;
/** A mark outlives the old session by this much: clocks of two systems differ. */
const MARGIN_MS = 900_000;

/**
 * The secrets of a session that takes the place of a session of another system. They are derived from the old
 * credential, so each repetition has the same. Base64url.
 */
export interface AdoptionSeed {
  /** 12 bytes: the part of the sid after the tag. */
  readonly id: string;
  /** 12 bytes: the family of its refresh tokens. */
  readonly family: string;
  /** 32 bytes: the first refresh secret. */
  readonly secret: string;
  /** 16 bytes: the salt of its first step. */
  readonly salt: string;
  /** 32 bytes: the name under which the store remembers that the old session was taken over. */
  readonly mark: string;
}

/** What is known of the old session. Times in epoch milliseconds. */
export interface AdoptedContent {
  /** `undefined`: a visitor, who becomes a guest. */
  readonly subject: string | undefined;
  readonly data: object;
  readonly device: Device;
  /** Default: unknown, so that the session is too old for each step-up guard. */
  readonly authenticatedAt?: number | undefined;
  /** The end of the old session, which is that of the new one at the latest. Default: that of the engine. */
  readonly expiresAt?: number | undefined;
  /** True if the old session cannot outlive `expiresAt`, so that nothing has to be remembered for longer. */
  readonly isFixed: boolean;
  /** `false`: the cookie ends with the browser session. */
  readonly persistent: boolean;
  /** As at a sign-in. Default: the engine's. */
  readonly lifetimes?: Lifetimes | undefined;
  /** 32 bytes: the name of the mark of the subject, base64url. */
  readonly subjectMark: string;
}

/** The outcome for an old credential. */
export type AdoptionResult =
  | {
      /**
       * `fresh`: no token of the new session has been presented, so the client may not have received one. `late`: one
       * has, and the credential counts for this request only.
       */
      readonly kind: 'fresh' | 'late';
      /** The session as this credential shows it: after a re-authentication, with the earlier proof. */
      readonly record: SessionRecord;
      /** The first refresh token. */
      readonly refreshToken: string;
      /** Store time. */
      readonly at: number;
    }
  /** The session has ended, or its client uses the tokens of the new one. */
  | { readonly kind: 'spent' };

const SPENT: AdoptionResult = { kind: 'spent' };

/**
 * Creates the operations that take over a session of another system. A mark remembers each that was taken over or ended,
 * so that the old credential never revives it.
 */
export function createAdoptions(context: EngineContext) {
  const { settings, tokens, store, time, events, tagOfSubject } = context;
  const marks = createAdoptionMarks(context);
  const { random, logger, limit, schema, maxDataLength } = settings;
  const guestPolicy = toGuestPolicy(settings);

  /** Returns what the credential counts for, by the rules for tokens. It never ends or renews the session. */
  async function judge(seed: AdoptionSeed, marked: SessionRecord): Promise<AdoptionResult> {
    const { sid, at: givenAt } = markOf(marked);
    if (sid === '') return SPENT;
    const { record, now: at } = await store.load(sid);
    if (record === undefined) return SPENT;
    const token = { sid, family: seed.family, generation: 0, secret: seed.secret };
    const policy = isGuest(record) ? guestPolicy : policyOf(settings, record.data.life);
    const decision = decidePresentation({
      record: unbind(record),
      token,
      at,
      policy,
      random,
      canRenew: false,
    });
    if (decision.kind !== 'accept') return SPENT;
    const { auth } = record;
    const isFresh = decision.isLatest && !auth.acknowledged;
    // A refresh with the first token that was made for the client, whose response it may not have received.
    const isUnseen = auth.generation === 1 && !auth.acknowledged;
    const overlap = Math.max(policy.overlap, policy.grace);
    if (!isFresh && !isUnseen && at >= givenAt + overlap) return SPENT;
    // Other requests with the old credential are on their way when the client presents the new one.
    if (isFresh && at >= givenAt + overlap / 2) await marks.replace(marked, { sid, at });
    return {
      kind: isFresh ? 'fresh' : 'late',
      record: decision.shown ?? record,
      refreshToken: formatRefreshToken(token),
      at,
    };
  }

  async function toData(
    { subject, data, device, persistent, lifetimes }: AdoptedContent,
    seed: AdoptionSeed,
  ) {
    if (subject === undefined) {
      const checked = await checkPartialData(schema, data, maxDataLength);
      return { subject: `guest:new:${seed.mark}`, device: {}, data: checked, guest: true as const };
    }
    assertSubject(subject);
    const life = readLife({ ...lifetimes, ...(persistent ? {} : { remember: false }) }, settings);
    return {
      subject,
      device: checkDevice(device),
      data: await checkData(schema, data, maxDataLength),
      ...(life === undefined ? {} : { life }),
    };
  }

  function draft(
    seed: AdoptionSeed,
    { content, data, at }: { content: AdoptedContent; data: DataPart; at: number },
  ): SessionRecord {
    const policy = data.guest ? guestPolicy : policyOf(settings, data.life);
    const absoluteExpiresAt = Math.min(
      at + policy.absoluteTtl,
      Math.floor(content.expiresAt ?? Number.POSITIVE_INFINITY),
    );
    const auth: AuthPart = {
      expiresAt: Math.min(at + policy.idleTtl, absoluteExpiresAt),
      absoluteExpiresAt,
      authenticatedAt: data.guest
        ? at
        : Math.max(0, Math.min(at, Math.floor(content.authenticatedAt ?? 0))),
      lastUsedAt: at,
      generation: 0,
      family: digest(seed.family),
      refresh: digest(seed.secret),
      access: [],
      steps: [{ salt: seed.salt }],
      accessCount: -1,
      // The client has not received it.
      acknowledged: false,
      replayed: false,
    };
    const sid = tagOfSubject(data.subject) + seed.id;
    return { sid, createdAt: at, authVersion: 1, dataVersion: 1, auth, data };
  }

  /** Inserts the session. Returns its sid, also if it was there; an empty one if it has ended. */
  async function insert(
    seed: AdoptionSeed,
    content: AdoptedContent,
    data: DataPart,
  ): Promise<string> {
    // A revoke-all of the last minutes ends old sessions, too. A store compares proofs from 1 on.
    const provenAt = Math.max(1, Math.floor(content.authenticatedAt ?? 1));
    let at = time.now();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const record = draft(seed, { content, data, at });
      if (record.auth.expiresAt <= at) return '';
      if (!data.guest) tokens.assertIssuable?.(toSession(record));
      const result = await store.insert(record, limit, data.guest ? {} : { provenAt });
      if (result.status === 'inserted') {
        const { subject } = data;
        for (const sid of result.evicted)
          events.emit('revoked', { cause: 'evicted', sid, subject });
        return record.sid;
      }
      if (result.status === 'limit') throw new SessionLimitError(limit.max);
      at = result.revokedBefore + 1;
    }
    return '';
  }

  /** Returns when a mark may be forgotten. */
  const markEndOf = ({
    expiresAt,
    isFixed,
  }: Pick<AdoptedContent, 'expiresAt' | 'isFixed'>): number =>
    isFixed && expiresAt !== undefined
      ? Math.floor(expiresAt) + MARGIN_MS
      : time.now() + MAX_COOKIE_MS;

  return {
    /** Returns what a credential counts for that was presented before; `undefined` if it was not. */
    async find(seed: AdoptionSeed): Promise<AdoptionResult | undefined> {
      const marked = await marks.load(seed.mark);
      return marked && judge(seed, marked);
    },

    /**
     * Takes over an old session: stores the new one and a mark, or finds that another request did.
     *
     * @throws {UsageError} invalid_subject
     * @throws {SessionLimitError} session_limit_reached
     * @throws {InvalidDataError} invalid_data, data_too_large
     */
    async adopt(seed: AdoptionSeed, content: AdoptedContent): Promise<AdoptionResult> {
      const data = Object.freeze(await toData(content, seed));
      await store.sampleTime(marks.sidOf(seed.mark));
      const expiresAt = markEndOf(content);
      const revoked =
        content.subject === undefined ? undefined : await marks.load(content.subjectMark);
      const isRevoked =
        revoked !== undefined && markOf(revoked).at >= (content.authenticatedAt ?? 0);
      const sid = isRevoked ? '' : await insert(seed, content, data);
      const { marked, isOwn } = await marks.insert(seed.mark, {
        mark: { sid, at: time.now() },
        expiresAt,
      });
      // A sign-out came between, or the application has named another subject.
      if (sid !== '' && (marked === undefined || markOf(marked).sid !== sid)) {
        await store.remove(sid);
      }
      if (marked === undefined) return SPENT;
      if (isOwn && sid !== '') {
        if (!data.guest) events.emit('created', { sid, subject: data.subject });
        logger.info({ sid }, 'session taken over');
      }
      return judge(seed, marked);
    },

    /**
     * Ends what has taken the place of an old session, and lets nothing take it any more.
     *
     * @param readOld returns the old session if it is alive; called if it was not taken over
     */
    async end(
      seed: AdoptionSeed,
      readOld: () => Promise<Pick<AdoptedContent, 'expiresAt' | 'isFixed'> | undefined>,
    ): Promise<void> {
      let marked = await marks.load(seed.mark);
      if (marked === undefined) {
        const old = await readOld();
        if (old === undefined) return;
        await store.sampleTime(marks.sidOf(seed.mark));
        const mark = { sid: '', at: time.now() };
        marked = (await marks.insert(seed.mark, { mark, expiresAt: markEndOf(old) })).marked;
      }
      const sid = marked === undefined ? '' : markOf(marked).sid;
      if (sid === '' || (await store.remove(sid)).status !== 'removed') return;
      events.emit('revoked', { cause: 'logout', sid });
    },

    /** Keeps the mark of an old session that exists no more only for as long as its requests may be on their way. */
    async shorten(seed: AdoptionSeed): Promise<void> {
      const { record, now } = await store.load(marks.sidOf(seed.mark));
      const expiresAt = now + Math.max(settings.overlap, MARGIN_MS);
      if (record === undefined || record.auth.expiresAt <= expiresAt) return;
      await store.replaceAuth(record, { ...record.auth, expiresAt, absoluteExpiresAt: expiresAt });
    },

    /** Ends all old sessions of a subject that were not taken over yet. */
    async endAll(subjectMark: string): Promise<void> {
      await store.sampleTime(marks.sidOf(subjectMark));
      const mark = { sid: '', at: time.now() };
      const expiresAt = mark.at + MAX_COOKIE_MS;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const { marked } = await marks.insert(subjectMark, { mark, expiresAt });
        if (marked !== undefined && markOf(marked).at >= mark.at) return;
        if (marked !== undefined && (await marks.replace(marked, mark)).status === 'replaced')
          return;
      }
      throw new StoreUnavailableError('The end of old sessions could not be stored. Try again.');
    },
  };
}
