import { SessionLimitError, StoreUnavailableError } from '../errors.js';
import type { DataPart, SessionRecord } from '../store/record.js';
import { assertSubject, createSid } from '../token/session-id.js';
import type { CreateInput, Issued } from '../types.js';
import { assertKnown } from '../util/options.js';
import { createTokenFamily, type FreshAuth } from './birth.js';
import { checkData, checkDevice } from './checked-data.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';
import { toSession } from './view.js';

/** Attempts at getting past a fence that a concurrent revoke-all has just left. */
const ATTEMPTS = 4;

/** Sign-in: a new session, with new secrets, under the subject's limit. */
export function createCreate<Data extends object>(context: EngineContext) {
  const { settings, tokens, store, time, events, tagOfSubject } = context;

  function draft(sid: string, data: DataPart, at: number): FreshAuth & { record: SessionRecord } {
    const fresh = createTokenFamily({ at, policy: settings, random: settings.random });
    const record = { sid, createdAt: at, authVersion: 1, dataVersion: 1, auth: fresh.auth, data };
    return { ...fresh, record };
  }

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
    // What no token can carry is refused before what is replaced has been ended.
    if (tokens.assertIssuable !== undefined) {
      const { record } = draft(createSid(tag, settings.random), data, time.now());
      tokens.assertIssuable(toSession<Data>(record));
    }
    await before?.();

    let notBefore = Number.NEGATIVE_INFINITY;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const sid = createSid(tag, settings.random);
      await store.sampleTime(sid);
      const at = Math.max(time.now(), notBefore);
      const made = draft(sid, data, at);
      const version = await tokens.tokenVersion?.(tag);
      const issued = await issue<Data>(context, { ...made, at, version });
      const answer = await store.insert(made.record, settings.limit);
      if (answer.status === 'limit') throw new SessionLimitError(settings.limit.max);
      if (answer.status === 'revoked') {
        // Nobody has these tokens yet, so this sign-in may as well come after the revoke-all.
        notBefore = answer.revokedBefore + 1;
        continue;
      }
      for (const evicted of answer.evicted) {
        events.emit('revoked', { cause: 'evicted', sid: evicted, subject });
      }
      // A revoke-all that ran beside the write has denied the token of a live session: this sign-in comes after it. A
      // session that has already ended is left alone.
      const check = await tokens.recheck?.(made.record, at, version);
      if (check?.isAccessDead === true && (await store.remove(sid)).status === 'removed') continue;
      events.emit('created', { sid, subject });
      settings.logger.info({ sid }, 'session created');
      return issued;
    }
    throw new StoreUnavailableError('Signing out everywhere kept coming first. Try again.');
  };
}

const KNOWN: ReadonlySet<string> = new Set<keyof CreateInput>(['subject', 'data', 'device']);
