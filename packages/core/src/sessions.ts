import type { Sessions } from './engine.js';
import { parseBearer } from './http/bearer.js';
import { readSessionsOptions, type SessionsOptions } from './options.js';
import { createAcknowledger } from './session/acknowledge.js';
import { keepBinding } from './session/binding.js';
import { CONTEXT, type EngineContext } from './session/context.js';
import { createCreate } from './session/create.js';
import { createElevate } from './session/elevate.js';
import { createEvents } from './session/events.js';
import { createGuests } from './session/guests.js';
import { toSession } from './session/issue-tokens.js';
import { createMigratingStore } from './session/migrating-store.js';
import { createOneTimeValues } from './session/once.js';
import { createPresent } from './session/present.js';
import { decidePresentation } from './session/presentation.js';
import { createRefresh } from './session/refresh.js';
import { createRevoke } from './session/revoke.js';
import { decideRefresh } from './session/rotation.js';
import { createStoreClient, createStoreTime } from './session/store-client.js';
import { createUpdate } from './session/update.js';
import { createVerify } from './session/verify.js';
import { memoryStore } from './store/memory-store.js';
import { isExpired, isGuest } from './store/record.js';
import { assertSubject, createSid, createSubjectTag, isSid } from './token/session-id.js';
import type { RegisteredData } from './types.js';
import { emitWarning } from './util/clock.js';
import { createKeyedMutex } from './util/keyed-mutex.js';

/**
 * Creates a session engine. Without options: opaque tokens, sessions in memory, access tokens of 15 minutes, sessions
 * that end after 7 days without use and after 90 days in any case.
 *
 * @throws {UsageError} invalid_option, with a message that names the option and what to write instead
 */
export function createSessions<Data extends object = RegisteredData>(
  options: SessionsOptions<Data> = {},
): Sessions<Data> {
  const isWithoutStore = options instanceof Object && options.store === undefined;
  return createEngine<Data>(isWithoutStore ? { ...options, store: memoryStore() } : options);
}

/** Creates a session engine that has to be given a store, so that a bundle contains no other. */
export function createEngine<Data extends object = RegisteredData>(
  options: SessionsOptions<Data>,
): Sessions<Data> {
  const settings = readSessionsOptions(options);
  const { logger, clock, random } = settings;
  const events = createEvents(logger);
  const time = createStoreTime(clock);
  settings.store.open?.({ clock, logger });
  const client = createStoreClient({ store: settings.store, clock, time, random, events, logger });
  const { schema, migrate } = settings;
  const isPlain = schema === undefined && migrate === undefined;
  const plain = isPlain
    ? client
    : createMigratingStore(client, { schema, migrate, events, logger });
  // An acknowledgement may end tokens that a re-authentication replaced, which signed ones have to be denied for.
  const acknowledger = createAcknowledger({
    load: plain.load,
    replaceAuth: (...call) => store.replaceAuth(...call),
  });
  const tagOfSubject = createSubjectTag(settings.subjectPepper, settings.namespace);
  const tokens = settings.accessToken.open({
    clock: time,
    logger,
    store: plain,
    events,
    random,
    tagOfSubject,
    accessTtl: settings.accessTtl,
    acknowledge: acknowledger.acknowledgeUnread,
  });
  const store = tokens.store ?? plain;
  const context: EngineContext = {
    settings,
    store,
    tokens,
    acknowledger,
    time,
    events,
    tagOfSubject,
    runExclusive: createKeyedMutex(clock),
    beforeRevokeAll: [],
    rules: { present: decidePresentation, refresh: decideRefresh, issue: keepBinding },
  };

  const verify = createVerify<Data>(context);
  return Object.freeze({
    // A function, so that an inspected engine shows nothing of it.
    [CONTEXT]: () => context,
    create: createCreate<Data>(context),
    verify,
    authenticate: (authorization: string | null | undefined) => verify(parseBearer(authorization)),
    refresh: createRefresh<Data>(context),
    present: createPresent<Data>(context),
    ...createUpdate<Data>(context),
    elevate: createElevate<Data>(context),
    ...createGuests<Data>(context),
    ...createOneTimeValues<Data>(context),
    ...createRevoke(context),
    kind: tokens.verify === undefined ? ('stored' as const) : ('signed' as const),
    ...(tokens.publicKeys === undefined ? {} : { publicKeys: tokens.publicKeys }),
    async get(sid: string) {
      if (!isSid(sid)) return undefined;
      const { record, now } = await store.load(sid);
      const isSession = record !== undefined && !isExpired(record, now) && !isGuest(record);
      return isSession ? toSession<Data>(record) : undefined;
    },
    async list(subject: string) {
      assertSubject(subject);
      const { records } = await store.list(tagOfSubject(subject));
      return records.filter((record) => !isGuest(record)).map((record) => toSession<Data>(record));
    },
    async expireAccess(subject: string) {
      assertSubject(subject);
      await tokens.expireAll?.(tagOfSubject(subject));
    },
    on: events.on,
    logger,
    // Callers may read the store's time, and not set it.
    clock: Object.freeze({ now: time.now }),
    async ready() {
      await store.ready();
      // Tokens with an expiry of their own are judged by the store's time from the first request on.
      await store.sampleTime(createSid(tagOfSubject('ready'), random));
    },
    async close() {
      await Promise.all([settings.store.close(), tokens.close?.()]);
    },
  });
}

/** The process-wide engine, for programs that need only one. There is no other module state. */
let current: Sessions | undefined;

/** The only thing that copies of this package share: a copy that was not configured can report the other one. */
const CONFIGURED = Symbol.for('@sess/core/configured');
const shared = globalThis as object as { [CONFIGURED]?: true };

const COPIES =
  'configureSessions() was called on another copy of @sess/core. Find it with npm ls @sess/core, and leave one with npm dedupe.';

/**
 * Sets the process-wide engine, which `getSessions()` returns and adapters use by default: a given engine, or one that is
 * created from options. Call it once, before the first request; a later call replaces the engine for later callers.
 */
export function configureSessions(given: SessionsOptions | Sessions): Sessions {
  const isEngine = typeof given === 'object' && given !== null && 'verify' in given;
  current = isEngine ? given : createSessions<RegisteredData>(given);
  shared[CONFIGURED] = true;
  return current;
}

/** Returns the process-wide engine. If `configureSessions` was not called, it has default options. */
export function getSessions(): Sessions {
  if (current === undefined) {
    if (shared[CONFIGURED]) emitWarning(COPIES);
    current = createSessions<RegisteredData>();
  }
  return current;
}
