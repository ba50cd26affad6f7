import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import type {
  LateResult,
  LoadResult,
  SessionStore,
  StoreResult,
  WriteContext,
} from '../store/store.js';
import type { StorePort } from '../store/store-port.js';
import { encodeBase64Url, type RandomBytes } from '../token/crypto.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import type { Events } from './events.js';
import { createCallStore } from './store-call.js';
import {
  assertList,
  assertLoadResult,
  assertRecord,
  assertTime,
  assertWriteResult,
  type WriteOperation,
} from './store-results.js';

/** The store's time, estimated between its results. */
export interface StoreTime extends Clock {
  /** True if the store's time is known, as of the last call of `now()`. Until then, `now()` is the local clock's. */
  readonly isSampled: boolean;
  /** True if the clock offset was sampled within the last 10 seconds. */
  readonly isFresh: boolean;
  /** Records the store's time, right when a result with it has arrived. */
  observe(storeNow: number): void;
}

/** How long an offset is taken as it was. */
const MAX_SAMPLE_AGE_MS = 10_000;
/** A local clock that goes back by more than this was set; less is the correction of a running clock. */
const MAX_STEP_BACK_MS = 1_000;

/**
 * Estimates the store's time: the local clock plus the newest offset. The way back of a result makes the estimate early
 * rather than late, which is the safe side for `notAfter`.
 */
export function createStoreTime(clock: Clock): StoreTime {
  let offset = 0;
  let isSampled = false;
  let sampledAt = 0;
  let latest = Number.NEGATIVE_INFINITY;

  /** Reads the local clock. The offset no longer holds if the clock was set back. */
  function readLocal(): number {
    const local = Math.floor(clock.now());
    if (local < latest - MAX_STEP_BACK_MS) isSampled = false;
    latest = local;
    return local;
  }

  return {
    get isSampled() {
      return isSampled;
    },
    get isFresh() {
      // The age is negative if the clock was set back.
      const age = readLocal() - sampledAt;
      return isSampled && age >= 0 && age < MAX_SAMPLE_AGE_MS;
    },
    now: () => readLocal() + offset,
    observe(storeNow) {
      sampledAt = readLocal();
      offset = storeNow - sampledAt;
      isSampled = true;
    },
  };
}

/** What a store client is made of. */
export interface StoreClientContext {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly time: StoreTime;
  readonly random: RandomBytes;
  readonly events: Events;
  readonly logger: Logger;
}

/**
 * Creates the store as an engine uses it. Results are checked before they are used: a store that returns something else
 * is a store that failed, and its time is not observed.
 */
export function createStoreClient(context: StoreClientContext): StorePort {
  const { store, clock, time, random, events, logger } = context;
  const callStore = createCallStore({
    name: 'session store',
    timeout: store.timeout,
    clock,
    events,
    logger,
  });
  // Called as a method: a store may be an instance of a class.
  const hasLoadRecord = store.loadRecord !== undefined;

  // Neither this nor `write` is an async function, whose promise would follow that of the call turns later.
  function load(sid: string): Promise<LoadResult> {
    return callStore(
      'load',
      () => store.load(sid),
      (loaded) => {
        assertLoadResult(loaded, sid);
        time.observe(loaded.now);
      },
    );
  }

  /** Sends a write; once more if it arrived late only because the store's clock is not where it was. */
  function write<Result extends StoreResult<string>>(
    operation: WriteOperation,
    send: (context: WriteContext) => Promise<Result | LateResult>,
    id: string = encodeBase64Url(random(12)),
    isRepeated = false,
  ): Promise<Exclude<Result, LateResult>> {
    const context = { notAfter: time.now() + store.timeout, operation: id };
    return callStore(
      operation,
      () => send(context) as Promise<Exclude<Result, LateResult>>,
      (result) => {
        assertWriteResult(result, operation);
        time.observe(result.now);
        if (result.confirmed === false) {
          events.emit('unconfirmed', { operation });
          logger.warn({ operation }, 'a write was not confirmed by the replicas');
        }
        if ((result as StoreResult<string>).status !== 'late') return;
        return isRepeated ? reportLate(operation) : write(operation, send, id, true);
      },
    );
  }

  function reportLate(operation: WriteOperation): Promise<never> {
    return callStore(operation, async () => {
      throw new StoreUnavailableError(
        `The session store received '${operation}' after its deadline, and wrote nothing.`,
      );
    });
  }

  function sampleTime(sid: string): Promise<void> | undefined {
    // Reading the time notices a local clock that was set back.
    time.now();
    if (time.isSampled) return undefined;
    // A record that cannot be read has a time too.
    return callStore(
      'load',
      () => store.load(sid),
      (loaded) => {
        assertTime(loaded);
        time.observe(loaded.now);
      },
    ).then(() => {});
  }

  return {
    isLocal: store.isLocal === true,
    load,
    sampleTime,
    loadRecord(sid) {
      if (!hasLoadRecord || !time.isFresh) return load(sid).then(({ record }) => record);
      return callStore(
        'load',
        () => store.loadRecord?.(sid) as Promise<SessionRecord | undefined>,
        (record) => {
          if (record !== undefined) assertRecord(record, sid);
        },
      );
    },
    getCached: (sid) => (time.isSampled ? store.getCached?.(sid) : undefined),
    insert: (record, limit, given) =>
      write('insert', (write) => store.insert(record, limit, { ...given, ...write })),
    replaceAuth({ sid, authVersion, dataVersion }, auth, generation, part) {
      const more = part === undefined ? {} : { data: { expected: dataVersion, part } };
      return write('replaceAuth', (write) =>
        store.replaceAuth(sid, authVersion, auth, { ...write, ...more }, generation),
      );
    },
    replaceData: ({ sid, dataVersion }, data) =>
      write('replaceData', (write) => store.replaceData(sid, dataVersion, data, write)),
    remove(sid, record) {
      const send = (): ReturnType<StorePort['remove']> =>
        write('remove', (write) => store.remove(sid, write, record?.authVersion));
      return sampleTime(sid)?.then(send) ?? send();
    },
    list: (tag) =>
      callStore(
        'list',
        () => store.list(tag),
        (listed) => {
          assertList(listed);
          time.observe(listed.now);
        },
      ),
    removeAll: (tag, except) => write('removeAll', (write) => store.removeAll(tag, except, write)),
    ready: () => callStore('ready', () => store.ready()),
  };
}
