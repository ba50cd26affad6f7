import type { Logger } from '@sess/core';
import {
  compareByAge,
  type InsertResult,
  isExpired,
  type RemoveAllResult,
  type RemoveResult,
  type ReplaceResult,
  type SessionRecord,
  type SessionStore,
  type WriteContext,
} from '@sess/core/store';
import type { RedisPort } from './client/redis-port.js';
import { createDeadline } from './deadline.js';
import { createReads } from './reads.js';
import { waitUntilReady } from './ready.js';
import type { RemoveUpTo } from './reapply/reapply-store.js';
import { decodeRecord, encodeAuth, encodeData, encodeRecord } from './record/codec.js';
import { createRecentDecode, type Decode } from './record/recent.js';
import { runScript } from './scripts/run-script.js';
import type { Script } from './scripts/script.js';
import {
  DISCARD,
  INSERT,
  LIST,
  REMOVE,
  REMOVE_ALL,
  REMOVE_UP_TO,
  REPLACE_AUTH,
  REPLACE_DATA,
} from './scripts/scripts.js';
import { startTimer } from './timers.js';
import { createPlainChannel, type WriteChannel, type WriteReply } from './write-channel.js';

/** The tag is in the key already; the field is the rest of the sid. */
const TAG_LENGTH = 16;

/** What follows the tag in a sid: other fields are marks and book-keeping, or nobody's. */
const FIELD = /^[\w-]{16}$/;

/** What the plain store stands on. */
export interface ScriptStoreContext {
  readonly port: RedisPort;
  /** Where rotations and revocations go, which have to outlive a failover if anything has to. */
  readonly durable: WriteChannel;
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** A store that can also repeat a revoke-all of earlier. */
export interface ScriptStore extends SessionStore {
  readonly removeUpTo: RemoveUpTo;
}

type Arguments = readonly (string | number)[];

/** The store contract as scripts, each on one key; without a near cache, and without repetition. */
export function createScriptStore(context: ScriptStoreContext): ScriptStore {
  const { port, durable, keyPrefix, timeout } = context;
  const plain = createPlainChannel(port);
  const withDeadline = createDeadline(timeout, startTimer);
  const readField = createReads(port, withDeadline);
  const decodeRecent = createRecentDecode(decodeRecord);
  let logger: Logger | undefined;
  let hasReported = false;

  const keyOf = (tagOrSid: string): string => keyPrefix + tagOrSid.slice(0, TAG_LENGTH);
  const fieldOf = (sid: string): string => sid.slice(TAG_LENGTH);
  const lastly = ({ notAfter }: WriteContext): number => Math.floor(notAfter);

  /** Writes by a script on the key of a tag or a sid. */
  function run(
    channel: WriteChannel,
    tagOrSid: string,
    script: Script,
    args: Arguments,
  ): Promise<WriteReply> {
    const call = { script, keys: [keyOf(tagOrSid)], args, isReadOnly: false };
    return withDeadline('write', channel(call));
  }

  /** A value that cannot be read is not there; that it is so is said once, for there may be many. */
  function decode(
    sid: string,
    value: string,
    read: Decode = decodeRecord,
  ): SessionRecord | undefined {
    const record = read(sid, value);
    if (record === undefined && !hasReported) {
      hasReported = true;
      logger?.error({ sid }, 'a session record in Redis cannot be read; it is taken for absent');
    }
    return record;
  }

  function toReplaceAnswer(sid: string, { reply, ...rest }: WriteReply): ReplaceResult {
    const [status, time, value] = reply;
    const now = Number(time);
    if (status !== 'conflict')
      return { status: status as 'replaced' | 'absent' | 'late', now, ...rest };
    const record = decode(sid, String(value));
    return record === undefined ? { status: 'absent', now } : { status, record, now };
  }

  async function readAll(tag: string): Promise<{ now: number; flat: readonly string[] }> {
    const call = { script: LIST, keys: [keyOf(tag)], args: [], isReadOnly: true };
    const reply = await withDeadline('list', runScript(port, call));
    const [time, flat] = reply as readonly [string | number, readonly string[]];
    return { now: Number(time), flat };
  }

  /**
   * The scripts tell a session by its header, and cannot tell whether the rest can be read. Where one is in the way of
   * a sign-in it is looked at, and goes if it is none. Answers whether there was any.
   */
  async function discardUnreadable(sid: string, notAfter: number): Promise<boolean> {
    const { flat } = await readAll(sid);
    const tag = sid.slice(0, TAG_LENGTH);
    const args: string[] = [];
    for (let n = 0; n < flat.length; n += 2) {
      const [field = '', value = ''] = [flat[n], flat[n + 1]];
      const isOther = field === '!' || field.startsWith('~');
      if (!isOther && (!FIELD.test(field) || decode(tag + field, value) === undefined))
        args.push(field, value);
    }
    if (args.length === 0) return false;
    const { reply } = await run(plain, sid, DISCARD, [notAfter, ...args]);
    return Number(reply[2]) > 0;
  }

  return {
    timeout,
    open(given) {
      logger ??= given.logger;
    },
    async load(sid) {
      const { value, now } = await readField(keyOf(sid), fieldOf(sid), true);
      return { record: value === undefined ? undefined : decode(sid, value, decodeRecent), now };
    },
    async loadRecord(sid) {
      const { value } = await readField(keyOf(sid), fieldOf(sid), false);
      return value === undefined ? undefined : decode(sid, value, decodeRecent);
    },
    async insert(record, { max, onLimit }, write): Promise<InsertResult> {
      const { sid, createdAt, auth } = record;
      const session = [fieldOf(sid), encodeRecord(record), createdAt, auth.expiresAt];
      const args = [...session, max, onLimit, write.operation, lastly(write)];
      let { reply } = await run(plain, sid, INSERT, args);
      if (reply[0] === 'limit' && (await discardUnreadable(sid, lastly(write)))) {
        ({ reply } = await run(plain, sid, INSERT, args));
      }
      const [status, time, ...rest] = reply;
      const now = Number(time);
      if (status === 'revoked') return { status, now, revokedBefore: Number(rest[0]) };
      if (status !== 'inserted') return { status: status as 'limit' | 'late', now };
      return { status, now, evicted: rest.map((field) => sid.slice(0, TAG_LENGTH) + field) };
    },
    async replaceAuth(sid, expected, auth, write, markReplayed) {
      const { text, expiresAt } = encodeAuth(auth);
      const args = [fieldOf(sid), expected, text, expiresAt, lastly(write), markReplayed ?? ''];
      return toReplaceAnswer(sid, await run(durable, sid, REPLACE_AUTH, args));
    },
    async replaceData(sid, expected, data, write) {
      const args = [fieldOf(sid), expected, encodeData(data), lastly(write)];
      return toReplaceAnswer(sid, await run(plain, sid, REPLACE_DATA, args));
    },
    async remove(sid, write, expected): Promise<RemoveResult> {
      const args = [fieldOf(sid), write.operation, lastly(write), expected ?? ''];
      const { reply, ...rest } = await run(durable, sid, REMOVE, args);
      const [status, time, value] = reply;
      const now = Number(time);
      if (status !== 'conflict')
        return { status: status as 'removed' | 'absent' | 'late', now, ...rest };
      const record = decode(sid, String(value));
      return record === undefined ? { status: 'absent', now } : { status, record, now };
    },
    async list(tag) {
      const { now, flat } = await readAll(tag);
      const records: SessionRecord[] = [];
      for (let n = 0; n < flat.length; n += 2) {
        const [field = '', value = ''] = [flat[n], flat[n + 1]];
        const record = FIELD.test(field) ? decode(tag + field, value) : undefined;
        if (record !== undefined && !isExpired(record, now)) records.push(record);
      }
      return { records: records.sort(compareByAge), now };
    },
    async removeAll(tag, except, write): Promise<RemoveAllResult> {
      // A sid of somebody else spares nobody.
      const spared = except?.startsWith(tag) ? fieldOf(except) : '';
      const { reply, ...rest } = await run(durable, tag, REMOVE_ALL, [
        spared,
        write.operation,
        lastly(write),
      ]);
      const [status, time, count] = reply;
      const now = Number(time);
      return status === 'late'
        ? { status, now }
        : { status: 'removed', now, count: Number(count), ...rest };
    },
    async removeUpTo(tag, { except, cutoff }, write) {
      const spared = except?.startsWith(tag) ? fieldOf(except) : '';
      const args = [spared, write.operation, lastly(write), cutoff];
      const { reply } = await run(durable, tag, REMOVE_UP_TO, args);
      const [status, time, count] = reply;
      return { status: status as 'removed' | 'late', now: Number(time), count: Number(count ?? 0) };
    },
    ready: () => withDeadline('ready', waitUntilReady(port, keyPrefix, timeout)),
    // The client is the caller's, and the store holds nothing else.
    async close() {},
  };
}
