import { toVerify } from './at-once.js';
import { createEvents } from './events.js';
import { parseBearer } from './http/bearer.js';
import { resolveOptions, type SessionsOptions } from './options.js';
import type { EngineContext } from './session/context.js';
import { createCreate } from './session/create.js';
import { createElevate } from './session/elevate.js';
import { createRefresh } from './session/refresh.js';
import { createRevoke } from './session/revoke.js';
import { createKeyedMutex } from './session/serial.js';
import { createSettling } from './session/settle.js';
import { createStorePort } from './session/store-port.js';
import { createStoreTime } from './session/store-time.js';
import { createUpdate } from './session/update.js';
import { createVerify } from './session/verify.js';
import { toSession } from './session/view.js';
import { isExpired } from './store/record.js';
import { assertSubject, createSubjectTag, isSid } from './token/id.js';
import type { RegisteredData, Sessions } from './types.js';

/**
 * Makes a session engine. Without options: opaque tokens, sessions in memory, 15 minutes of access, ended
 * after 7 days without use and after 90 days whatever happens.
 *
 * @throws UsageError `invalid_option`, with a message that says what to write instead
 */
export function createSessions<Data extends object = RegisteredData>(
  options: SessionsOptions<Data> = {},
): Sessions<Data> {
  const settings = resolveOptions(options);
  const { logger, clock, random } = settings;
  const events = createEvents(logger);
  const time = createStoreTime(clock);
  settings.store.open?.({ clock, logger });
  const plain = createStorePort({ store: settings.store, clock, time, random, events, logger });
  const acknowledger = createSettling(plain);
  const tagOfSubject = createSubjectTag(settings.subjectPepper);
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
  };

  const verify = toVerify(createVerify<Data>(context));
  return Object.freeze({
    create: createCreate<Data>(context),
    verify,
    authenticate: (authorization: string | null | undefined) => verify(parseBearer(authorization)),
    refresh: createRefresh<Data>(context),
    update: createUpdate<Data>(context),
    elevate: createElevate<Data>(context),
    ...createRevoke(context),
    traits: Object.freeze({
      refreshedBy: 'refresh-token' as const,
      sessionFrom: tokens.verify === undefined ? ('store' as const) : ('token' as const),
    }),
    ...(tokens.publicKeys === undefined ? {} : { publicKeys: tokens.publicKeys }),
    async get(sid: string) {
      if (!isSid(sid)) return undefined;
      const { record, now } = await store.load(sid);
      return record === undefined || isExpired(record, now) ? undefined : toSession<Data>(record);
    },
    async list(subject: string) {
      assertSubject(subject);
      const { records } = await store.list(tagOfSubject(subject));
      return records.map((record) => toSession<Data>(record));
    },
    on: events.on,
    // Reading it is for everyone; correcting it is not.
    clock: Object.freeze({ now: time.now }),
    ready: store.ready,
    async close() {
      await Promise.all([settings.store.close(), tokens.close?.()]);
    },
  });
}
