import { UsageError } from '@sess/core';
import type {
  DeniableToken,
  Denial,
  Denylist,
  SubjectWatermark,
  Supersession,
} from '@sess/core/store';
import type { RedisPort } from '../client/redis-port.js';
import type { WithDeadline } from '../deadline.js';
import { retryOnce, runScript } from '../scripts/run-script.js';
import type { Script } from '../scripts/script.js';
import { createPlainChannel, type WriteChannel } from '../write-channel.js';
import { DENY, DENY_ALL, DENY_ALL_AGAIN, ENROLL, READ, SUCCEED } from './scripts.js';
import {
  decodeHead,
  decodeState,
  HEAD_FIELD,
  isJti,
  isPlausible,
  isSid,
  isTag,
  restOf,
  type SubjectState,
  sessionField,
  tagOf,
  tokenField,
} from './state.js';

/** What the calls stand on. */
export interface CallsContext {
  readonly port: RedisPort;
  /** Where denials go, which have to outlive a failover if anything has to. */
  readonly durable: WriteChannel;
  readonly keyPrefix: string;
  readonly withDeadline: WithDeadline;
  /** Rejects where nothing may be kept. Nothing to wait for once it is known that all is well. */
  admit(): Promise<void> | undefined;
  /** A denial that replicas did not confirm in time. */
  onUnconfirmed(operation: string): void;
  /** Something of a subject that no version of this has written. */
  onUnreadable(tag: string): void;
}

/** What a read brought, and whether it is all that is kept of the subject. */
export interface StateRead {
  readonly state: SubjectState | undefined;
  readonly isWhole: boolean;
}

type Options<Name extends 'denyAll' | 'supersede'> = Parameters<Denylist[Name]>[1];

/** The operations of a denylist, each one command on one key; without a near cache, and without repetition. */
export interface DenylistCalls {
  enroll(tag: string, life: number): Promise<number>;
  /** What is kept that is about a token. */
  read(token: DeniableToken): Promise<StateRead>;
  /** All that is kept of its subject, unless that is too much. */
  readWhole(token: DeniableToken): Promise<StateRead>;
  /** Answers how many were new. */
  deny(tag: string, denials: readonly Denial[], life: number): Promise<number>;
  /** Answers the head that it made. */
  denyAll(tag: string, options: Options<'denyAll'>): Promise<SubjectWatermark | undefined>;
  /** Does again what a failover has undone; answers whether it had. */
  denyAllAgain(tag: string, head: SubjectWatermark, options: Options<'denyAll'>): Promise<number>;
  succeed(token: DeniableToken, options: Options<'supersede'>): Promise<Supersession | undefined>;
}

/** Fields of a subject that are read for one token: more are not worth their way. */
const MOST_FIELDS = 1_000;
/** The largest moment that is kept; it is far away. */
const LATEST = 999_999_999_999_999;

const OPERATION = /^[\w-]{1,64}$/;
const SUCCESSOR = /^[\w.-]{1,64}$/;

const NOTHING: StateRead = { state: undefined, isWhole: false };

export function createDenylistCalls(context: CallsContext): DenylistCalls {
  const { port, durable, keyPrefix, withDeadline, onUnconfirmed, onUnreadable } = context;
  const plain = createPlainChannel(port);

  async function admitted<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const admission = context.admit();
    if (admission !== undefined) await admission;
    return work();
  }

  async function run(
    operation: string,
    channel: WriteChannel,
    call: {
      readonly tag: string;
      readonly script: Script;
      readonly args: readonly (string | number)[];
    },
  ): Promise<unknown> {
    const { tag, script, args } = call;
    if (!isTag(tag)) refuse('tag', 'the first 16 characters of a sid');
    const { reply, confirmed } = await withDeadline(
      operation,
      admitted(() => channel({ script, keys: [keyPrefix + tag], args, isReadOnly: false })),
    );
    if (confirmed === false) onUnconfirmed(operation);
    return reply;
  }

  function fieldsOf({ sid, jti }: DeniableToken): readonly string[] {
    return [HEAD_FIELD, tokenField(jti), sessionField(sid)];
  }

  function toState(tag: string, fields: readonly string[], values: readonly unknown[]) {
    return decodeState(
      tag,
      fields.map((field, n) => [field, values[n]]),
      onUnreadable,
    );
  }

  return {
    async enroll(tag, life) {
      const args = [toLife(life)];
      return Number(await run('currentVersion', plain, { tag, script: ENROLL, args }));
    },
    async read(token) {
      if (!isPlausible(token)) return NOTHING;
      const tag = tagOf(token.sid);
      const key = keyPrefix + tag;
      const fields = fieldsOf(token);
      const ask = (): Promise<unknown> => port.send(key, true, ['HMGET', key, ...fields]);
      const values = await withDeadline(
        'isDenied',
        admitted(() => retryOnce(ask)),
      );
      return { state: toState(tag, fields, values as readonly unknown[]), isWhole: false };
    },
    async readWhole(token) {
      if (!isPlausible(token)) return NOTHING;
      const tag = tagOf(token.sid);
      const fields = fieldsOf(token);
      const call = {
        script: READ,
        keys: [keyPrefix + tag],
        args: [MOST_FIELDS, ...fields],
        isReadOnly: true,
      };
      const reply = await withDeadline(
        'isDenied',
        admitted(() => runScript(port, call)),
      );
      const [extent, values] = reply as readonly [string, readonly unknown[]];
      if (extent !== 'all') return { state: toState(tag, fields, values), isWhole: false };
      return { state: decodeState(tag, toPairs(values), onUnreadable), isWhole: true };
    },
    async deny(tag, denials, life) {
      // The session of another subject is none of this one's.
      const ours = denials.filter(({ kind, id }) => kind === 'token' || id.startsWith(tag));
      const args = ours.flatMap((denial) => [toField(denial), toMoment(denial.from)]);
      if (args.length === 0) return 0;
      const call = { tag, script: DENY, args: [toLife(life), ...args] };
      return Number(await run('deny', durable, call));
    },
    async denyAll(tag, { except, operation, life }) {
      const args = [toLife(life), toOperation(operation), toSpared(tag, except)];
      return decodeHead(tag, await run('denyAll', durable, { tag, script: DENY_ALL, args }));
    },
    async denyAllAgain(tag, head, { operation, life }) {
      const { version, except, exceptFrom } = head;
      const made = [version, toSpared(tag, except), exceptFrom ?? ''];
      const args = [toLife(life), toOperation(operation), ...made];
      return Number(await run('denyAll', durable, { tag, script: DENY_ALL_AGAIN, args }));
    },
    async succeed(token, { at, successor, life }) {
      if (!SUCCESSOR.test(successor))
        refuse('successor', '1 to 64 characters of base64url and dots');
      if (!isPlausible(token)) return undefined;
      const { sid, version } = token;
      const [, field = '', session = ''] = fieldsOf(token);
      const args = [toLife(life), field, session, version, restOf(sid), at, successor];
      const reply = await run('supersede', durable, { tag: tagOf(sid), script: SUCCEED, args });
      if (reply === null) return undefined;
      const [name = '', current] = reply as readonly string[];
      return { successor: name, version: Number(current) };
    },
  };
}

function toPairs(flat: readonly unknown[]): (readonly [string, unknown])[] {
  const pairs: (readonly [string, unknown])[] = [];
  for (let n = 0; n < flat.length; n += 2) pairs.push([String(flat[n]), flat[n + 1]]);
  return pairs;
}

/** @throws UsageError `invalid_argument` */
function toField({ kind, id }: Denial): string {
  if (kind === 'token' && isJti(id)) return tokenField(id);
  if (kind === 'session' && isSid(id)) return sessionField(id);
  return refuse('id', 'a jti of 1 to 128 printable characters, or a sid');
}

/** @throws UsageError `invalid_argument` */
function toMoment(from = 0): number {
  if (Number.isNaN(from)) refuse('from', 'epoch milliseconds');
  return Math.min(Math.max(0, Math.floor(from)), LATEST);
}

/** @throws UsageError `invalid_argument` */
function toLife(life: number): number {
  if (!(life > 0 && life < LATEST)) refuse('life', 'milliseconds, more than 0');
  return Math.ceil(life);
}

/** @throws UsageError `invalid_argument` */
function toOperation(operation: string): string {
  if (!OPERATION.test(operation)) refuse('operation', '1 to 64 characters of base64url');
  return operation;
}

/** The session of another subject, or what is none, spares nobody; and so a name that nobody has. */
function toSpared(tag: string, except: string | undefined): string {
  if (except === undefined) return '';
  return isSid(except) && except.startsWith(tag) ? restOf(except) : '-';
}

/** @throws UsageError `invalid_argument` */
function refuse(name: string, expected: string): never {
  throw new UsageError('invalid_argument', `denylist: ${name} has to be ${expected}.`);
}
