import { SessionLimitError, StoreUnavailableError } from '../errors.js';
import { assertKnown } from '../known-options.js';
import type { DataPart } from '../store/record.js';
import { assertSubject, createSid } from '../token/id.js';
import type { CreateInput, Issued, Session } from '../types.js';
import { createFreshAuth } from './birth.js';
import { checkData, checkDevice } from './checked-data.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';

/** Attempts at getting past a fence that a concurrent revoke-all has just left. */
const ATTEMPTS = 4;

/** Sign-in: a new session, with new secrets, under the subject's limit. */
export function createCreate<Data extends object>(context: EngineContext) {
  const { settings, tokens, store, time, events, tagOfSubject } = context;

  return async function create(
    input: CreateInput<Data>,
    before?: () => Promise<void>,
  ): Promise<Issued<Data>> {
    assertKnown('create', input, KNOWN);
    const { subject } = input;
    assertSubject(subject);
    const data: DataPart = Object.freeze({
      subject,
      device: checkDevice(input.device),
      data: await checkData(settings.schema, input.data ?? {}),
    });
    const tag = tagOfSubject(subject);
    // What no token can carry is refused while the session that this one replaces is still there.
    tokens.assertIssuable?.(preview(createSid(tag, settings.random), data, time.now()));
    await before?.();

    let notBefore = Number.NEGATIVE_INFINITY;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const sid = createSid(tag, settings.random);
      await store.sampleTime(sid);
      const at = Math.max(time.now(), notBefore);
      const fresh = createFreshAuth({ at, policy: settings, random: settings.random });
      const record = { sid, createdAt: at, authVersion: 1, dataVersion: 1, auth: fresh.auth, data };
      const issued = await issue<Data>(context, { ...fresh, record, at });
      const answer = await store.insert(record, settings.limit);
      if (answer.status === 'limit') throw new SessionLimitError(settings.limit.max);
      if (answer.status === 'fenced') {
        // Nobody has these tokens yet, so this sign-in may as well come after the revoke-all.
        notBefore = answer.fence + 1;
        continue;
      }
      events.emit('created', { sid, subject });
      for (const evicted of answer.evicted) {
        events.emit('revoked', { cause: 'evicted', sid: evicted, subject });
      }
      settings.logger.info({ sid }, 'session created');
      return issued;
    }
    throw new StoreUnavailableError(
      'The subject kept being signed out everywhere while it signed in. Try again.',
    );
  };
}

/** A session as it would be, had it been stored already. */
function preview(sid: string, { subject, device, data }: DataPart, at: number): Session<object> {
  const times = { createdAt: at, authenticatedAt: at, lastUsedAt: at, expiresAt: at };
  return { sid, subject, device, data, ...times };
}

const KNOWN: ReadonlySet<string> = new Set<keyof CreateInput>(['subject', 'data', 'device']);
