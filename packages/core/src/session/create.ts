import type { CreateInput, PresentedTokens } from '../engine.js';
import {
  isSessError,
  SessError,
  SessionLimitError,
  StoreUnavailableError,
  UsageError,
} from '../errors.js';
import { type DataPart, isGuest, type Proof, type SessionRecord } from '../store/record.js';
import { REVOCATION_TTL_MS } from '../store/store.js';
import { assertSubject, createSid, tagOf } from '../token/session-id.js';
import type { Device, Issued } from '../types.js';
import { checkData } from '../util/json.js';
import { assertKnown, formatShort, isArrayOf, isString } from '../util/options.js';
import type { EngineContext } from './context.js';
import { createEndReports } from './ended-session.js';
import { createTokenFamily, type FreshAuth, issueTokens, toSession } from './issue-tokens.js';
import { policyOf, readLife } from './lifetimes.js';
import { liveValues, withValues } from './once.js';
import { createFindPresented } from './presented-session.js';
import { readProof } from './proof.js';

/** Attempts to get past the mark that a concurrent revoke-all has just set. */
const MAX_ATTEMPTS = 4;

/** The session that a sign-in takes the place of. */
export interface CreateOptions {
  /** The tokens of the request. Their session ends when the new one is stored, and does not count for the limit. */
  readonly replaces?: PresentedTokens;
  /** Names of data that go over from a guest. */
  readonly keep?: readonly string[];
}

/** What a sign-in puts into a session. */
interface SessionContent {
  readonly data: DataPart;
  readonly proof: Proof;
}

/** Creates `create`: a new session with new secrets, under the subject's limit. */
export function createCreate<Data extends object>(context: EngineContext) {
  const { settings, tokens, store, time, events, tagOfSubject, rules } = context;
  const findPresented = createFindPresented(context);
  const reports = createEndReports(context);

  function draft(
    sid: string,
    { data, proof }: SessionContent,
    at: number,
  ): FreshAuth & { record: SessionRecord } {
    const policy = policyOf(settings, data.life);
    const fresh = createTokenFamily({ at, policy, random: settings.random, proof });
    const auth = rules.issue(fresh.auth, fresh);
    return Object.assign(fresh, {
      record: { sid, createdAt: at, authVersion: 1, dataVersion: 1, auth, data },
    });
  }

  /** Returns the first data of a session. What a guest kept must not keep the user from signing in. */
  async function checkKeptData(given: object, kept: object): Promise<object> {
    const { schema, maxDataLength, logger } = settings;
    try {
      return await checkData(schema, { ...given, ...kept }, maxDataLength);
    } catch (error) {
      if (!isSessError(error, 'invalid_data') && !isSessError(error, 'data_too_large')) throw error;
      const data = await checkData(schema, given, maxDataLength);
      logger.warn(
        { names: Object.keys(kept).join(', ') },
        'the data of a guest does not fit, and was left out',
      );
      return data;
    }
  }

  async function insert(
    content: SessionContent,
    tag: string,
    given: { readonly provenAt?: number; readonly replaces?: string } | undefined,
  ): Promise<Issued<Data>> {
    const { subject } = content.data;
    const provenAt = given?.provenAt;
    let notBefore = Number.NEGATIVE_INFINITY;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const sid = createSid(tag, settings.random);
      // Nothing is awaited that is no promise: each turn of the queue counts here.
      const sampling = store.sampleTime(sid);
      if (sampling !== undefined) await sampling;
      assertRecentProof(provenAt, time.now());
      const at = Math.max(time.now(), notBefore);
      const created = draft(sid, content, at);
      const version = tokens.tokenVersion && (await tokens.tokenVersion(tag));
      const issuing = issueTokens<Data>(context, Object.assign(created, { at, version }));
      const issued = issuing instanceof Promise ? await issuing : issuing;
      const result = await store.insert(created.record, settings.limit, given);
      if (result.status === 'limit') throw new SessionLimitError(settings.limit.max);
      if (result.status === 'revoked') {
        if (provenAt !== undefined && provenAt <= result.revokedBefore) {
          throw new SessError(
            'proof_too_old',
            'All sessions of the subject were revoked after provenAt. Authenticate again.',
          );
        }
        // The client does not have these tokens yet, so this sign-in may come after the revoke-all.
        notBefore = result.revokedBefore + 1;
        continue;
      }
      for (const evicted of result.evicted) {
        events.emit('revoked', { cause: 'evicted', sid: evicted, subject });
      }
      // A revoke-all that ran beside the write has denied the token of a live session: this sign-in comes after it. A
      // session that has already ended is left alone.
      const check = tokens.recheck && (await tokens.recheck(created.record, at, version));
      if (check?.isAccessDead === true && (await store.remove(sid)).status === 'removed') continue;
      events.emit('created', { sid, subject });
      settings.logger.info({ sid }, 'session created');
      return issued;
    }
    throw new StoreUnavailableError('Revoking all sessions kept coming first. Try again.');
  }

  return async function create(
    input: CreateInput<Data>,
    options: CreateOptions = NO_OPTIONS,
  ): Promise<Issued<Data>> {
    assertKnown('create', input, INPUT);
    const { subject, provenAt } = input;
    assertSubject(subject);
    if (provenAt !== undefined && !Number.isFinite(provenAt)) {
      throw new UsageError(
        'invalid_argument',
        `provenAt: expected epoch milliseconds, got ${formatShort(provenAt)}.`,
      );
    }
    const life = readLife(input, settings);
    const proof = readProof(input);
    const { replaces, keep = [] } = readCreateOptions(options);
    const replaced = replaces === undefined ? [] : await findPresented(replaces);
    const guest = replaced.find(({ record }) => record !== undefined && isGuest(record))?.record;
    const device = checkDevice(input.device);
    const kept = guest === undefined ? {} : pick(guest.data.data, keep);
    const isKept = Object.keys(kept).length > 0;
    const checking = isKept
      ? checkKeptData(input.data ?? {}, kept)
      : checkData(settings.schema, input.data ?? {}, settings.maxDataLength);
    const checked = checking instanceof Promise ? await checking : checking;
    const part = { subject, device, data: checked, ...(life === undefined ? {} : { life }) };
    const tag = tagOfSubject(subject);
    // One session of the same subject ends in the same write. Another one ends when the new session is stored.
    const own = replaced.find(({ sid }) => tagOf(sid) === tag);
    // Never the values of another user.
    const previous = (guest ?? own?.record)?.data;
    const data =
      previous === undefined
        ? Object.freeze(part)
        : withValues(part, liveValues(previous, time.now()));
    if (tokens.assertIssuable !== undefined) {
      const { record } = draft(createSid(tag, settings.random), { data, proof }, time.now());
      tokens.assertIssuable(toSession<Data>(record));
    }

    const isPlain = provenAt === undefined && own === undefined;
    const given = isPlain
      ? undefined
      : {
          ...(provenAt === undefined ? {} : { provenAt: Math.floor(provenAt) }),
          ...(own === undefined ? {} : { replaces: own.sid }),
        };
    const issued = await insert({ data, proof }, tag, given);
    if (own !== undefined) reports.signedOut(own, subject);
    for (const session of replaced) {
      if (session === own) continue;
      // If it fails, the client does not get the new session, and can try again.
      const { status } = await store.remove(session.sid);
      if (status === 'removed') reports.signedOut(session);
    }
    return issued;
  };
}

const NO_OPTIONS: CreateOptions = Object.freeze({});

function readCreateOptions(options: CreateOptions): CreateOptions {
  if (options === NO_OPTIONS) return options;
  assertKnown('create', options, ['replaces', 'keep']);
  const { keep } = options;
  if (keep === undefined || isArrayOf(keep, isString)) return options;
  throw new UsageError(
    'invalid_argument',
    `keep: expected an array of names of session data, got ${formatShort(keep)}.`,
  );
}

/** Returns the named members that an object has. */
function pick(data: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name)));
}

function assertRecentProof(provenAt: number | undefined, now: number): void {
  if (provenAt === undefined || now - provenAt < REVOCATION_TTL_MS) return;
  throw new SessError(
    'proof_too_old',
    'provenAt is more than 15 minutes ago. Authenticate again before create().',
  );
}

const DEVICE_LENGTHS = [
  ['userAgent', 512],
  ['ip', 64],
  ['label', 128],
] as const;

/**
 * Returns the known fields of a device, as strings of limited length.
 *
 * @throws {UsageError} invalid_argument
 */
export function checkDevice(device: Device | undefined): Device {
  if (device === undefined) return Object.freeze({});
  if (typeof device !== 'object' || device === null) {
    throw new UsageError(
      'invalid_argument',
      `create: expected an object as device, got ${formatShort(device)}. Write { label }.`,
    );
  }
  const kept: Record<string, string> = {};
  for (const [name, length] of DEVICE_LENGTHS) {
    const value: unknown = device[name];
    if (typeof value === 'string' && value !== '')
      kept[name] = value.slice(0, length).toWellFormed();
  }
  return Object.freeze(kept);
}

const INPUT: readonly (keyof CreateInput)[] = [
  'subject',
  'data',
  'device',
  'provenAt',
  'idleTtl',
  'absoluteTtl',
  'remember',
  'acr',
  'amr',
];
