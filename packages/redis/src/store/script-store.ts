import type { Logger } from '@sess/core';
import { encodeAuth, encodeData, systemClock, tagOf } from '@sess/core/internal';
import {
  compareByAge,
  type InsertResult,
  isExpired,
  type RemoveAllResult,
  type RemoveResult,
  type ReplaceResult,
  type SessionRecord,
  type WriteContext,
} from '@sess/core/store';
import { createCommandSender } from '../client/command-sender.js';
import { openDurableConnection } from '../client/dedicated-connection.js';
import { describeRisks } from '../client/fail-fast.js';
import { createPort, keyPrefixFor, type RedisClient } from '../client/port.js';
import {
  createDurableWrites,
  createPlainWrites,
  createRunScript,
  type Script,
  type WriteReply,
  type WriteScript,
} from '../client/run-script.js';
import { resolveStoreOptions, type ScriptStoreOptions } from '../options.js';
import type { RedisSessionStore } from '../replayable-store.js';
import { createBatchedReads } from './batched-reads.js';
import { encodeRecord, isNewerRecord } from './codec.js';
import { DISCARD, INSERT } from './lua/insert.js';
import { REMOVE, REMOVE_ALL, REMOVE_UP_TO } from './lua/remove.js';
import { REPLACE_AUTH, REPLACE_DATA } from './lua/replace.js';
import { createReadyCheck } from './ready.js';
import { createNewerError, createRecordReader } from './record-reader.js';
import { checkReply, fieldOf, sparedField } from './script-arguments.js';
import { createPieceReader } from './session-pieces.js';

type Arguments = readonly (string | number)[];

/** A field that holds a session. All other fields belong to the scripts, or to another program. */
const FIELD = /^[\w-]{16}$/;

/** Milliseconds between two searches for damaged sessions, which a refused sign-in may cause. */
const DISCARD_INTERVAL_MS = 1_000;

/**
 * Creates a session store on Redis or Valkey: a single server, Sentinel or a Cluster. All sessions of a subject live
 * in one HASH, so each operation is one command on one key, and atomic. Without a near cache and without a replay of
 * revocations: see `redisStore`.
 *
 * @throws {UsageError} invalid_option, invalid_argument
 */
export function scriptStore(
  client: RedisClient,
  options: ScriptStoreOptions = {},
): RedisSessionStore {
  const { timeout, durability, ...settings } = resolveStoreOptions(options);
  const port = createPort(client);
  const keyPrefix = keyPrefixFor(client, settings.keyPrefix);
  const clock = systemClock;
  const sender = createCommandSender({ client, port, timeout });
  const runScript = createRunScript(sender);
  const plainWrites = createPlainWrites(runScript);
  const durable = durability === undefined ? undefined : openDurable();
  const reads = createBatchedReads({ sender, runScript, clock });
  const { readField, notePrimary } = reads;
  const readyCheck = createReadyCheck({ client, port, sender, runScript, keyPrefix, timeout });
  const { decode, decodeRecent } = createRecordReader(() => logger);
  let logger: Logger | undefined;
  let discardedAt = Number.NEGATIVE_INFINITY;

  function openDurable() {
    const connection = openDurableConnection(client);
    const copy = createCommandSender({ client, port: connection.port, timeout });
    const run = createRunScript(copy);
    return {
      write: createDurableWrites(
        connection.port,
        run,
        durability as NonNullable<typeof durability>,
      ),
      close() {
        copy.close();
        connection.close();
      },
    };
  }

  const keyOf = (tagOrSid: string): string => keyPrefix + tagOf(tagOrSid);
  const deadlineOf = ({ notAfter }: WriteContext): number => Math.floor(notAfter);

  /** Writes by a script on the key of a tag or a sid. */
  async function write(
    channel: WriteScript,
    tagOrSid: string,
    script: Script,
    args: Arguments,
  ): Promise<WriteReply> {
    const result = await channel({ script, keys: [keyOf(tagOrSid)], args, isReadOnly: false });
    notePrimary();
    return { ...result, reply: checkReply(result.reply) };
  }
  const writeDurably = (tagOrSid: string, script: Script, args: Arguments): Promise<WriteReply> =>
    write(durable?.write ?? plainWrites, tagOrSid, script, args);

  const readPieces = createPieceReader(runScript, keyOf);

  /**
   * Scripts recognise a session by its header and cannot tell whether the rest can be read. Before a sign-in is refused,
   * the first sessions of the subject are read, and damaged ones are deleted. Returns true if there were any.
   */
  async function discardDamaged(sid: string, notAfter: number): Promise<boolean> {
    const at = clock.now();
    if (at - discardedAt < DISCARD_INTERVAL_MS) return false;
    discardedAt = at;
    const tag = tagOf(sid);
    const args: string[] = [];
    const first = await readPieces(tag).next();
    for (const [field, value] of first.done ? [] : first.value.pairs) {
      const isDamaged = !isNewerRecord(value) && decode(tag + field, value) === undefined;
      if (isDamaged) args.push(field, value);
    }
    if (args.length === 0) return false;
    const { reply } = await write(plainWrites, sid, DISCARD, [notAfter, ...args]);
    return Number(reply[2]) > 0;
  }

  /** Returns the result of a write that a conflict may refuse. */
  function toResult<Done extends 'replaced' | 'removed'>(
    sid: string,
    { reply, ...rest }: WriteReply,
  ) {
    const [status, time, value] = reply;
    const now = Number(time);
    // It is neither absent nor of another version.
    if (status === 'newer') throw createNewerError();
    if (status !== 'conflict') return { status: status as Done | 'absent' | 'late', now, ...rest };
    const record = decode(sid, String(value));
    return record === undefined
      ? { status: 'absent' as const, now }
      : { status: 'conflict' as const, record, now };
  }

  return {
    timeout,
    connection: () => ({ client, keyPrefix }),
    open(context) {
      if (logger !== undefined) return;
      ({ logger } = context);
      for (const risk of describeRisks(client)) logger.warn({}, risk);
    },
    onReconnect: (listener) => port.onReconnect?.(listener) ?? (() => {}),
    async load(sid) {
      const { value, now } = await readField(keyOf(sid), fieldOf(sid), true);
      const record = value === undefined ? undefined : decodeRecent(sid, value);
      const isNewer = record === undefined && value !== undefined && isNewerRecord(value);
      return isNewer ? { status: 'unreadable', record, now } : { record, now };
    },
    async loadRecord(sid) {
      const { value } = await readField(keyOf(sid), fieldOf(sid), false);
      if (value === undefined) return undefined;
      const record = decodeRecent(sid, value);
      if (record === undefined && isNewerRecord(value)) throw createNewerError();
      return record;
    },
    async insert(record, { max, onLimit }, context): Promise<InsertResult> {
      assertWholeTimes(record);
      const { sid, auth } = record;
      const field = fieldOf(sid);
      const args = [
        field,
        encodeRecord(record),
        Math.max(0, auth.lastUsedAt),
        max,
        onLimit,
        context.operation,
        deadlineOf(context),
        sparedField(tagOf(sid), context.replaces),
        context.provenAt === undefined ? '' : Math.floor(context.provenAt),
      ];
      const evicted: string[] = [];
      for (;;) {
        let { reply } = await write(plainWrites, sid, INSERT, args);
        if (reply[0] === 'limit' && (await discardDamaged(sid, deadlineOf(context)))) {
          ({ reply } = await write(plainWrites, sid, INSERT, args));
        }
        const [status, time, ...rest] = reply;
        const now = Number(time);
        if (status === 'revoked') return { status, now, revokedBefore: Number(rest[0]) };
        if (status === 'limit' || status === 'late') return { status, now };
        for (const victim of rest) evicted.push(tagOf(sid) + victim);
        if (status === 'inserted') return { status, now, evicted: [...new Set(evicted)] };
      }
    },
    async replaceAuth(sid, expected, auth, context, markReplayed): Promise<ReplaceResult> {
      const { text, expiresAt } = encodeAuth(auth);
      const args = [
        fieldOf(sid),
        expected,
        text,
        expiresAt,
        Math.max(0, auth.lastUsedAt),
        deadlineOf(context),
        markReplayed ?? '',
        ...(context.data === undefined
          ? ['']
          : [context.data.expected, encodeData(context.data.part)]),
      ];
      return toResult<'replaced'>(sid, await writeDurably(sid, REPLACE_AUTH, args));
    },
    async replaceData(sid, expected, data, context): Promise<ReplaceResult> {
      const args = [fieldOf(sid), expected, encodeData(data), deadlineOf(context)];
      return toResult<'replaced'>(sid, await write(plainWrites, sid, REPLACE_DATA, args));
    },
    async remove(sid, context, expected): Promise<RemoveResult> {
      const args = [fieldOf(sid), context.operation, deadlineOf(context), expected ?? ''];
      return toResult<'removed'>(sid, await writeDurably(sid, REMOVE, args));
    },
    async list(tag) {
      const records: SessionRecord[] = [];
      let now = 0;
      for await (const piece of readPieces(tag)) {
        now = piece.now;
        for (const [field, value] of piece.pairs) {
          const record = FIELD.test(field) ? decode(tag + field, value) : undefined;
          if (record !== undefined) records.push(record);
        }
      }
      const live = records.filter((record) => !isExpired(record, now));
      return { records: live.sort(compareByAge), now };
    },
    async removeAll(tag, except, context): Promise<RemoveAllResult> {
      const { reply, ...rest } = await writeDurably(tag, REMOVE_ALL, [
        sparedField(tag, except),
        context.operation,
        deadlineOf(context),
      ]);
      const [status, time, count] = reply;
      const now = Number(time);
      return status === 'late'
        ? { status, now }
        : { status: 'removed', now, count: Number(count), ...rest };
    },
    async removeUpTo(tag, { except, cutoff }, context) {
      let total = 0;
      for (let page = 0; ; ) {
        const args = [
          sparedField(tag, except),
          context.operation,
          deadlineOf(context),
          Math.floor(cutoff),
          page,
        ];
        const { reply } = await write(plainWrites, tag, REMOVE_UP_TO, args);
        const [status, time, count, next] = reply;
        const now = Number(time);
        if (status === 'late') return { status, now, count: total };
        total += Number(count);
        if (Number(next) < 0) return { status: 'removed', now, count: total };
        page = Number(next);
      }
    },
    async ready() {
      await readyCheck.assertWritable();
      await readyCheck.warnOfRisks(logger);
    },
    async close() {
      reads.close?.();
      sender.close();
      durable?.close();
    },
  };
}

/** @throws {TypeError} for times with fractions, which could not be read back */
function assertWholeTimes({ createdAt, auth }: SessionRecord): void {
  for (const time of [createdAt, auth.expiresAt, auth.lastUsedAt, auth.authenticatedAt]) {
    if (!Number.isSafeInteger(time)) {
      throw new TypeError('record: expected times in whole milliseconds, got a fraction.');
    }
  }
}
