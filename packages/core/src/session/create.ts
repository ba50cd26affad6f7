import { SessError, SessionLimitError, StoreUnavailableError, UsageError } from '../errors.js';
import type { DataPart, SessionRecord } from '../store/record.js';
import { REVOCATION_TTL_MS } from '../store/store.js';
import { assertSubject, createSid, tagOf } from '../token/session-id.js';
import type { CreateInput, Device, Issued, PresentedTokens } from '../types.js';
import { checkData } from '../util/json.js';
import { assertKnown, formatShort } from '../util/options.js';
import type { EngineContext } from './context.js';
import { createTokenFamily, type FreshAuth, issueTokens, toSession } from './issue-tokens.js';
import { policyOf, readLife } from './lifetimes.js';
import { createFindPresented, type PresentedSession } from './revoke.js';

/** Attempts to get past the mark that a concurrent revoke-all has just set. */
const MAX_ATTEMPTS = 4;

/** The session that a sign-in takes the place of. */
export interface CreateOptions {
  /** The tokens of the request. Their session ends when the new one is stored, and does not count for the limit. */
  readonly replaces?: PresentedTokens;
}

/** Creates `create`: a new session with new secrets, under the subject's limit. */
export function createCreate<Data extends object>(context: EngineContext) {
  const { settings, tokens, store, time, events, tagOfSubject } = context;
  const findPresented = createFindPresented(context);

  function draft(sid: string, data: DataPart, at: number): FreshAuth & { record: SessionRecord } {
    const policy = policyOf(settings, data.life);
    const fresh = createTokenFamily({ at, policy, random: settings.random });
    const record = { sid, createdAt: at, authVersion: 1, dataVersion: 1, auth: fresh.auth, data };
    return { ...fresh, record };
  }

  /** Ends a session that the new one replaces. If that fails, the client does not get the new one, and can try again. */
  async function endReplaced({ sid, subject }: PresentedSession): Promise<void> {
    if ((await store.remove(sid)).status !== 'removed') return;
    events.emit('revoked', { cause: 'logout', sid, ...(subject === undefined ? {} : { subject }) });
  }

  async function insert(
    data: DataPart,
    tag: string,
    given: { readonly provenAt?: number; readonly replaces?: string },
  ): Promise<Issued<Data>> {
    const { subject } = data;
    let notBefore = Number.NEGATIVE_INFINITY;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const sid = createSid(tag, settings.random);
      await store.sampleTime(sid);
      assertRecentProof(given.provenAt, time.now());
      const at = Math.max(time.now(), notBefore);
      const created = draft(sid, data, at);
      const version = await tokens.tokenVersion?.(tag);
      const issued = await issueTokens<Data>(context, { ...created, at, version });
      const result = await store.insert(created.record, settings.limit, given);
      if (result.status === 'limit') throw new SessionLimitError(settings.limit.max);
      if (result.status === 'revoked') {
        if (given.provenAt !== undefined && given.provenAt <= result.revokedBefore) {
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
      const check = await tokens.recheck?.(created.record, at, version);
      if (check?.isAccessDead === true && (await store.remove(sid)).status === 'removed') continue;
      events.emit('created', { sid, subject });
      settings.logger.info({ sid }, 'session created');
      return issued;
    }
    throw new StoreUnavailableError('Revoking all sessions kept coming first. Try again.');
  }

  return async function create(
    input: CreateInput<Data>,
    options: CreateOptions = {},
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
    const data: DataPart = Object.freeze({
      subject,
      device: checkDevice(input.device),
      data: await checkData(settings.schema, input.data ?? {}, settings.maxDataLength),
      ...(life === undefined ? {} : { life }),
    });
    const tag = tagOfSubject(subject);
    if (tokens.assertIssuable !== undefined) {
      const { record } = draft(createSid(tag, settings.random), data, time.now());
      tokens.assertIssuable(toSession<Data>(record));
    }

    const replaced = options.replaces === undefined ? [] : await findPresented(options.replaces);
    // One session of the same subject ends in the same write. Another one ends when the new session is stored.
    const own = replaced.find(({ sid }) => tagOf(sid) === tag);
    const issued = await insert(data, tag, {
      ...(provenAt === undefined ? {} : { provenAt: Math.floor(provenAt) }),
      ...(own === undefined ? {} : { replaces: own.sid }),
    });
    if (own !== undefined) events.emit('revoked', { cause: 'logout', sid: own.sid, subject });
    for (const session of replaced) if (session !== own) await endReplaced(session);
    return issued;
  };
}

function assertRecentProof(provenAt: number | undefined, now: number): void {
  if (provenAt === undefined || now - provenAt < REVOCATION_TTL_MS) return;
  throw new SessError(
    'proof_too_old',
    'provenAt is more than 15 minutes ago. Authenticate again before create().',
  );
}

const DEVICE_LENGTHS = { userAgent: 512, ip: 64, label: 128 } as const;

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
  for (const [name, length] of Object.entries(DEVICE_LENGTHS)) {
    const value: unknown = device[name as keyof Device];
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
];
