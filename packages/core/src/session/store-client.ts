import { isSessError, StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import type {
  LateResult,
  LoadResult,
  SessionStore,
  StoreResult,
  WriteContext,
} from '../store/store.js';
import { type StorePort, UNREADABLE } from '../store/store-port.js';
import { encodeBase64Url, type RandomBytes } from '../token/crypto.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import type { Events } from './events.js';

/**
 * Calls a store, under the name of the operation.
 *
 * @param check throws if the result is invalid
 * @throws {StoreUnavailableError} for every failure, except a `UsageError` of `ready`
 */
export type CallStore = <Result>(
  operation: string,
  call: () => Promise<Result>,
  check?: (result: Result) => void,
) => Promise<Result>;

/** What is called, and where its failures are reported. */
export interface CallContext {
  /** As in "The session store failed". */
  readonly name: string;
  /** Milliseconds after which a call is given up. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly events: Pick<Events, 'emit' | 'isHeard'>;
  readonly logger: Logger;
}

/** Wraps store calls: enforces the timeout, maps errors to `StoreUnavailableError`, emits `store-call`. */
export function createCallStore(context: CallContext): CallStore {
  const { name, timeout, clock, events, logger } = context;
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();

  function emitTiming(operation: string, began: number | undefined, ok: boolean): void {
    if (began === undefined) return;
    // A clock without `elapsed` may have been set back in the meantime.
    events.emit('store-call', { operation, duration: Math.max(0, elapsed() - began), ok });
  }

  function wrapError(operation: string, error: unknown): unknown {
    logger.error({ operation, error }, `the ${name} failed`);
    events.emit('store-error', { operation, error });
    if (isSessError(error, 'store_unavailable')) return error;
    // `ready` reports a set-up that must not be used. To a request it is a failure like any other.
    if (isSessError(error, 'invalid_option') && operation === 'ready') return error;
    return new StoreUnavailableError(`The ${name} failed at '${operation}'. See the cause.`, {
      cause: error,
    });
  }

  // One promise for the timeout, the check and the events: calls are most of the cost of a verification.
  return <Result>(
    operation: string,
    call: () => Promise<Result>,
    check?: (result: Result) => void,
  ) =>
    new Promise<Result>((resolve, reject) => {
      const began = events.isHeard('store-call') ? elapsed() : undefined;
      let isPending = true;
      const settle = (ok: boolean): void => {
        isPending = false;
        stop?.();
        emitTiming(operation, began, ok);
      };
      const fail = (error: unknown): void => {
        if (!isPending) return;
        settle(false);
        reject(wrapError(operation, error));
      };
      const stop = clock.startTimer?.(
        () =>
          fail(
            new StoreUnavailableError(
              `The ${name} did not respond to '${operation}' within ${timeout} ms.`,
            ),
          ),
        timeout,
      );
      const succeed = (result: Result): void => {
        if (!isPending) return;
        try {
          check?.(result);
        } catch (error) {
          fail(error);
          return;
        }
        settle(true);
        resolve(result);
      };
      try {
        call().then(succeed, fail);
      } catch (error) {
        fail(error);
      }
    });
}

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

/** The statuses that writes may return, besides `late`. */
const INSERTED = ['inserted', 'limit', 'revoked'];
const REPLACED = ['replaced', 'conflict', 'absent'];
const REMOVED = ['removed', 'conflict', 'absent'];
const REMOVED_ALL = ['removed'];

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

  async function load(sid: string): Promise<LoadResult> {
    const result = await callStore(
      'load',
      () => store.load(sid),
      (loaded) => assertLoadResult(loaded, sid),
    );
    time.observe(result.now);
    return result;
  }

  /** Sends a write; once more if it arrived late only because the store's clock is not where it was. */
  async function write<Result extends StoreResult<string>>(
    operation: string,
    statuses: readonly string[],
    send: (context: WriteContext) => Promise<Result | LateResult>,
  ): Promise<Exclude<Result, LateResult>> {
    const id = encodeBase64Url(random(12));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const write = { notAfter: time.now() + store.timeout, operation: id };
      const result = await callStore(
        operation,
        () => send(write),
        (written) => assertWriteResult(written, statuses),
      );
      time.observe(result.now);
      if (result.confirmed === false) {
        events.emit('unconfirmed', { operation });
        logger.warn({ operation }, 'a write was not confirmed by the replicas');
      }
      if (result.status !== 'late') return result as Exclude<Result, LateResult>;
    }
    return callStore(operation, async () => {
      throw new StoreUnavailableError(
        `The session store received '${operation}' after its deadline, and wrote nothing.`,
      );
    });
  }

  async function sampleTime(sid: string): Promise<void> {
    // Reading the time notices a local clock that was set back.
    time.now();
    if (time.isSampled) return;
    // A record that cannot be read has a time too.
    const { now } = await callStore('load', () => store.load(sid), assertTime);
    time.observe(now);
  }

  return {
    isLocal: store.isLocal === true,
    load,
    sampleTime,
    async loadRecord(sid) {
      if (!hasLoadRecord || !time.isFresh) return (await load(sid)).record;
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
      write('insert', INSERTED, (write) => store.insert(record, limit, { ...given, ...write })),
    replaceAuth({ sid, authVersion, dataVersion }, auth, generation, part) {
      const more = part === undefined ? {} : { data: { expected: dataVersion, part } };
      return write('replaceAuth', REPLACED, (write) =>
        store.replaceAuth(sid, authVersion, auth, { ...write, ...more }, generation),
      );
    },
    replaceData: ({ sid, dataVersion }, data) =>
      write('replaceData', REPLACED, (write) => store.replaceData(sid, dataVersion, data, write)),
    async remove(sid, record) {
      await sampleTime(sid);
      return write('remove', REMOVED, (write) => store.remove(sid, write, record?.authVersion));
    },
    async list(tag) {
      const listed = await callStore(
        'list',
        () => store.list(tag),
        (result) => {
          assertTime(result);
          if (!Array.isArray(result.records)) throw invalidResult('records');
          for (const record of result.records) assertRecord(record);
        },
      );
      time.observe(listed.now);
      return listed;
    },
    removeAll: (tag, except) =>
      write('removeAll', REMOVED_ALL, (write) => store.removeAll(tag, except, write)),
    ready: () => callStore('ready', () => store.ready()),
  };
}

function invalidResult(part: string): TypeError {
  return new TypeError(`The store returned an invalid result: ${part}.`);
}

function assertTime(result: { readonly now: number }): void {
  if (!Number.isSafeInteger(result?.now)) throw invalidResult('now');
}

function assertRecord(record: SessionRecord, sid?: string): void {
  const isRecord =
    typeof record?.sid === 'string' &&
    (sid === undefined || record.sid === sid) &&
    typeof record.auth?.expiresAt === 'number' &&
    Array.isArray(record.auth.access) &&
    typeof record.data?.subject === 'string';
  if (!isRecord) throw invalidResult('record');
}

function assertLoadResult(result: LoadResult, sid: string): void {
  assertTime(result);
  if (result.status === 'unreadable') {
    throw new StoreUnavailableError(
      'The session was written by a newer version of the store, and cannot be read by this one.',
      { cause: UNREADABLE },
    );
  }
  // A result without the member is invalid; an absent record has the member with `undefined`.
  if (!('record' in result)) throw invalidResult('record');
  if (result.record !== undefined) assertRecord(result.record, sid);
}

/** What a result has besides its status and time. */
type ResultParts = Partial<{ record: SessionRecord } & Record<'evicted' | 'count', unknown>> & {
  readonly revokedBefore?: unknown;
};

function assertWriteResult(
  result: StoreResult<string> & ResultParts,
  statuses: readonly string[],
): void {
  assertTime(result);
  const { status, record, evicted, revokedBefore, count } = result;
  if (status !== 'late' && !statuses.includes(status)) throw invalidResult('status');
  if (status === 'conflict') assertRecord(record as SessionRecord);
  if (status === 'inserted' && !Array.isArray(evicted)) throw invalidResult('evicted');
  if (status === 'revoked' && !Number.isSafeInteger(revokedBefore)) {
    throw invalidResult('revokedBefore');
  }
  if (statuses === REMOVED_ALL && status !== 'late' && !Number.isSafeInteger(count)) {
    throw invalidResult('count');
  }
}
