import {
  type AuthPart,
  type InsertAnswer,
  isOver,
  type RemoveAllAnswer,
  type RemoveAnswer,
  type ReplaceAnswer,
  type SessionRecord,
  type SessionStore,
  type StoreContext,
} from '@sess/core/store';
import { describeRisks } from './client/client-settings.js';
import { createPort, type RedisClient } from './client/redis-port.js';
import { createDeadline } from './deadline.js';
import { type RedisStoreOptions, resolveOptions } from './options.js';
import { createReadField } from './reads.js';
import { decodeRecord, encodeAuth, encodeData, encodeRecord } from './record/codec.js';
import { runScript } from './scripts/run-script.js';
import {
  INSERT,
  LIST,
  REMOVE,
  REMOVE_ALL,
  REPLACE_AUTH,
  REPLACE_DATA,
  type Script,
} from './scripts/scripts.js';
import { startTimer } from './timers.js';

/** The tag is in the key already; the field is the rest of the sid. */
const TAG_LENGTH = 16;

/**
 * Sessions on Redis or Valkey: a single server, Sentinel, or a Cluster. All sessions of a subject live in one
 * HASH, so every operation is one command on one key, and atomic.
 *
 * The client stays the caller's: the store neither connects nor closes it. Give it the options of
 * `failFast`, or requests will wait where they should be answered 503; a client that may hang or re-send is
 * named in a warning.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): SessionStore {
  const { keyPrefix, timeout } = resolveOptions(options);
  const port = createPort(client);
  const withDeadline = createDeadline(timeout, startTimer);
  const readField = createReadField(port, withDeadline);
  let context: StoreContext | undefined;
  let hasReported = false;

  const keyOf = (tagOrSid: string): string => keyPrefix + tagOrSid.slice(0, TAG_LENGTH);
  const fieldOf = (sid: string): string => sid.slice(TAG_LENGTH);

  async function run(
    operation: string,
    script: Script,
    key: string,
    args: readonly (string | number)[],
  ): Promise<readonly string[]> {
    const call = { script, keys: [key], args, isReadOnly: false };
    return (await withDeadline(operation, runScript(port, call))) as readonly string[];
  }

  /** A value that cannot be read is not there; that it is so is said once, for there may be many. */
  function decode(sid: string, value: string): SessionRecord | undefined {
    const record = decodeRecord(sid, value);
    if (record === undefined && !hasReported) {
      hasReported = true;
      context?.logger.error(
        { sid },
        'a session record in Redis cannot be read; it is taken for absent',
      );
    }
    return record;
  }

  function toReplaceAnswer(sid: string, [status, time, value]: readonly string[]): ReplaceAnswer {
    const now = Number(time);
    if (status !== 'conflict') return { status: status as 'replaced' | 'absent' | 'late', now };
    const record = decode(sid, value ?? '');
    return record === undefined ? { status: 'absent', now } : { status, record, now };
  }

  return {
    timeout,
    open(given) {
      if (context !== undefined) return;
      context = given;
      for (const risk of describeRisks(client)) given.logger.warn({}, risk);
    },
    async load(sid) {
      const { value, now } = await readField(keyOf(sid), fieldOf(sid));
      return { record: value === undefined ? undefined : decode(sid, value), now };
    },
    async insert(record, limit, write): Promise<InsertAnswer> {
      const { sid, createdAt, auth } = record;
      const { max, onLimit } = limit;
      const [status, time, ...rest] = await run('insert', INSERT, keyOf(sid), [
        fieldOf(sid),
        encodeRecord(record),
        createdAt,
        auth.expiresAt,
        max,
        onLimit,
        write.operation,
        Math.floor(write.notAfter),
      ]);
      const now = Number(time);
      if (status === 'fenced') return { status, now, fence: Number(rest[0]) };
      if (status !== 'inserted') return { status: status as 'limit' | 'late', now };
      return { status, now, evicted: rest.map((field) => sid.slice(0, TAG_LENGTH) + field) };
    },
    async replaceAuth(sid, expected, auth: AuthPart, write) {
      const { text, expiresAt } = encodeAuth(auth);
      const args = [fieldOf(sid), expected, text, expiresAt, Math.floor(write.notAfter)];
      return toReplaceAnswer(sid, await run('replaceAuth', REPLACE_AUTH, keyOf(sid), args));
    },
    async replaceData(sid, expected, data, write) {
      const args = [fieldOf(sid), expected, encodeData(data), Math.floor(write.notAfter)];
      return toReplaceAnswer(sid, await run('replaceData', REPLACE_DATA, keyOf(sid), args));
    },
    async remove(sid, write): Promise<RemoveAnswer> {
      const args = [fieldOf(sid), write.operation, Math.floor(write.notAfter)];
      const [status, time] = await run('remove', REMOVE, keyOf(sid), args);
      return { status: status as RemoveAnswer['status'], now: Number(time) };
    },
    async list(tag) {
      const call = { script: LIST, keys: [keyOf(tag)], args: [], isReadOnly: true };
      const reply = await withDeadline('list', runScript(port, call));
      const [time, flat] = reply as readonly [string, readonly string[]];
      const now = Number(time);
      const records: SessionRecord[] = [];
      for (let n = 0; n < flat.length; n += 2) {
        const [field = '', value = ''] = [flat[n], flat[n + 1]];
        const record =
          field === '!' || field.startsWith('~') ? undefined : decode(tag + field, value);
        if (record !== undefined && !isOver(record, now)) records.push(record);
      }
      return { records: records.sort((left, right) => left.createdAt - right.createdAt), now };
    },
    async removeAll(tag, except, write): Promise<RemoveAllAnswer> {
      // A sid of somebody else spares nobody.
      const spared = except?.startsWith(tag) ? fieldOf(except) : '';
      const args = [spared, write.operation, Math.floor(write.notAfter)];
      const [status, time, count] = await run('removeAll', REMOVE_ALL, keyOf(tag), args);
      const now = Number(time);
      return status === 'late' ? { status, now } : { status: 'removed', now, count: Number(count) };
    },
    async ready() {
      await withDeadline('ready', port.send(keyPrefix, true, ['EXISTS', keyPrefix]));
    },
    // The client is the caller's, and the store holds nothing else.
    async close() {},
  };
}
