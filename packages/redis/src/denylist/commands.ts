import { UsageError } from '@sess/core';
import type { NearCache } from '@sess/core/internal';
import type {
  DeniableToken,
  Denial,
  Denylist,
  SubjectWatermark,
  Supersession,
} from '@sess/core/store';
import type { RedisPort } from '../client/port.js';
import type { RunScript, Script, WriteScript } from '../client/run-script.js';
import { CURRENT_VERSION, DENY, DENY_ALL, READ, REPLAY_DENY_ALL, SUPERSEDE } from './lua.js';
import {
  decodeState,
  decodeWatermark,
  isDeniedBy,
  isJti,
  isPlausible,
  isSid,
  isTag,
  restOf,
  type SubjectState,
  sessionField,
  tagOf,
  tokenField,
  WATERMARK_FIELD,
} from './state.js';

/** The connection of a denylist, and listeners for what may go wrong. */
export interface DenylistCommandsContext {
  readonly sender: RedisPort;
  readonly runScript: RunScript;
  readonly plainWrites: WriteScript;
  /** Denials, which should survive a failover. */
  readonly durableWrites: WriteScript;
  readonly keyPrefix: string;
  /** Rejects if the server must not be used; returns `undefined` if it is known to be right. */
  admit(): Promise<void> | undefined;
  /** Returns the moment before which nothing that was written counts. Epoch milliseconds. */
  epoch(): number;
  /** Replicas did not confirm a denial in time. */
  onUnconfirmed(operation: string): void;
  /** A value of a subject was written by no version of this package. */
  onUnreadable(tag: string): void;
}

/** The state of a subject, and whether it is all that is stored. */
export interface StateRead {
  readonly state: SubjectState | undefined;
  readonly isWhole: boolean;
}

type DenyAllOptions = {
  readonly except?: string;
  readonly operation: string;
  readonly ttlMs: number;
};
type SupersedeOptions = { readonly at: number; readonly successor: string; readonly ttlMs: number };

/** The operations of a denylist, each one command on one key. */
export interface DenylistCommands {
  currentVersion(tag: string, ttlMs: number): Promise<number>;
  /** Returns the part of the state that concerns a token. */
  read(token: DeniableToken): Promise<StateRead>;
  /** Returns the whole state of the token's subject, if it is small. */
  readWhole(token: DeniableToken): Promise<StateRead>;
  /** Returns the number of new denials. */
  deny(tag: string, denials: readonly Denial[], ttlMs: number): Promise<number>;
  /** Returns the watermark that it has written. */
  denyAll(tag: string, options: DenyAllOptions): Promise<SubjectWatermark | undefined>;
  /** Restores what a failover has lost. Returns 1 if there was any, otherwise 0. */
  replayDenyAll(tag: string, watermark: SubjectWatermark, options: DenyAllOptions): Promise<number>;
  supersede(token: DeniableToken, options: SupersedeOptions): Promise<Supersession | undefined>;
}

/** Fields of a subject that one command reads for the near cache. Larger subjects are read token by token. */
const MAX_WHOLE_FIELDS = 64;
/** The latest moment that is stored. */
const MAX_TIME = 999_999_999_999_999;

const OPERATION = /^[\w-]{1,64}$/;
const SUCCESSOR = /^[\w.-]{1,64}$/;

const NOTHING: StateRead = { state: undefined, isWhole: false };

/** Creates the operations, without a near cache and without a replay. */
export function createDenylistCommands(context: DenylistCommandsContext): DenylistCommands {
  const { sender, runScript, plainWrites, durableWrites, keyPrefix, onUnreadable } = context;

  async function admitted<Result>(work: () => Promise<Result>): Promise<Result> {
    const admission = context.admit();
    if (admission !== undefined) await admission;
    return work();
  }

  async function write(
    operation: keyof Denylist,
    channel: WriteScript,
    call: {
      readonly tag: string;
      readonly script: Script;
      readonly args: readonly (string | number)[];
    },
  ): Promise<unknown> {
    const { tag, script } = call;
    if (!isTag(tag)) refuse('tag', 'the first 16 characters of a sid');
    const { reply, confirmed } = await admitted(() => {
      const args = [...call.args, context.epoch()];
      return channel({ script, keys: [keyPrefix + tag], args, isReadOnly: false });
    });
    if (confirmed === false) context.onUnconfirmed(operation);
    return reply;
  }

  function fieldsOf({ sid, jti }: DeniableToken): readonly string[] {
    return [WATERMARK_FIELD, tokenField(jti), sessionField(sid)];
  }

  function toState(tag: string, pairs: readonly (readonly [field: string, value: unknown])[]) {
    return decodeState({ tag, pairs, epoch: context.epoch(), onUnreadable });
  }

  function zip(fields: readonly string[], values: readonly unknown[]) {
    return fields.map((field, n) => [field, values[n]] as const);
  }

  return {
    async currentVersion(tag, ttlMs) {
      const args = [toTtl(ttlMs)];
      const call = { tag, script: CURRENT_VERSION, args };
      return toVersion(await write('currentVersion', plainWrites, call));
    },
    async read(token) {
      if (!isPlausible(token)) return NOTHING;
      const tag = tagOf(token.sid);
      const key = keyPrefix + tag;
      const fields = fieldsOf(token);
      const values = await admitted(() => sender.send(key, true, ['HMGET', key, ...fields]));
      return { state: toState(tag, zip(fields, toList(values))), isWhole: false };
    },
    async readWhole(token) {
      if (!isPlausible(token)) return NOTHING;
      const tag = tagOf(token.sid);
      const fields = fieldsOf(token);
      const keys = [keyPrefix + tag];
      const args = [MAX_WHOLE_FIELDS, ...fields];
      const reply = await admitted(() => runScript({ script: READ, keys, args, isReadOnly: true }));
      const [extent, values] = toList(reply);
      const isWhole = String(extent) === 'all';
      const pairs = isWhole ? toPairs(toList(values)) : zip(fields, toList(values));
      return { state: toState(tag, pairs), isWhole };
    },
    async deny(tag, denials, ttlMs) {
      // A session of another subject is not denied under this one.
      const own = denials.filter(({ kind, id }) => kind === 'token' || id.startsWith(tag));
      const args = own.flatMap((denial) => [toField(denial), toMoment(denial.from)]);
      if (args.length === 0) return 0;
      const call = { tag, script: DENY, args: [toTtl(ttlMs), ...args] };
      return Number(await write('deny', durableWrites, call));
    },
    async denyAll(tag, { except, operation, ttlMs }) {
      const args = [toTtl(ttlMs), toOperation(operation), toSpared(tag, except)];
      const reply = await write('denyAll', durableWrites, { tag, script: DENY_ALL, args });
      return decodeWatermark(tag, reply);
    },
    async replayDenyAll(tag, { version, except, exceptFrom }, { operation, ttlMs }) {
      const watermark = [version, toSpared(tag, except), exceptFrom ?? ''];
      const args = [toTtl(ttlMs), toOperation(operation), ...watermark];
      const call = { tag, script: REPLAY_DENY_ALL, args };
      return Number(await write('denyAll', durableWrites, call));
    },
    async supersede(token, { at, successor, ttlMs }) {
      if (!SUCCESSOR.test(successor)) {
        refuse('successor', '1 to 64 characters of base64url and dots');
      }
      if (!isPlausible(token)) return undefined;
      const { sid, version } = token;
      const [, field = '', session = ''] = fieldsOf(token);
      const args = [toTtl(ttlMs), field, session, version, restOf(sid), at, successor];
      const call = { tag: tagOf(sid), script: SUPERSEDE, args };
      const reply = await write('supersede', durableWrites, call);
      if (reply === null) return undefined;
      const [name, current] = toList(reply);
      return { successor: String(name), version: toVersion(current) };
    },
  };
}

/** Operations that cache what they read, and a check from memory. */
export interface CachedDenylistCommands extends DenylistCommands {
  /** True if the cached state shows that the token is not denied. `false` means unknown. */
  isKnownValid(token: DeniableToken, at: number): boolean;
}

/** Caches the whole state of a subject, so that one read serves all of its tokens. */
export function withCachedState(
  commands: DenylistCommands,
  cache: NearCache<SubjectState>,
): CachedDenylistCommands {
  const { writing } = cache;
  return {
    ...commands,
    isKnownValid(token, at) {
      const state = cache.get(tagOf(token.sid));
      return state !== undefined && isPlausible(token) && !isDeniedBy(state, token, at);
    },
    read(token) {
      if (!cache.isListening()) return commands.read(token);
      const tag = tagOf(token.sid);
      return cache.read(
        tag,
        () => commands.readWhole(token),
        ({ state, isWhole }) =>
          isWhole && state !== undefined ? { id: tag, value: state } : undefined,
      );
    },
    currentVersion: (tag, ...rest) => writing(tag, () => commands.currentVersion(tag, ...rest)),
    deny: (tag, ...rest) => writing(tag, () => commands.deny(tag, ...rest)),
    denyAll: (tag, ...rest) => writing(tag, () => commands.denyAll(tag, ...rest)),
    replayDenyAll: (tag, ...rest) => writing(tag, () => commands.replayDenyAll(tag, ...rest)),
    supersede: (token, ...rest) =>
      writing(tagOf(token.sid), () => commands.supersede(token, ...rest)),
  };
}

function toList(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new Error('Redis: expected a list, got another value.');
  return reply;
}

function toVersion(reply: unknown): number {
  const version = Number(reply);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new Error('Redis: expected a version, got another value.');
  }
  return version;
}

function toPairs(flat: readonly unknown[]): (readonly [string, unknown])[] {
  const pairs: (readonly [string, unknown])[] = [];
  for (let n = 0; n < flat.length; n += 2) pairs.push([String(flat[n]), flat[n + 1]]);
  return pairs;
}

/** @throws {UsageError} invalid_argument */
function toField({ kind, id }: Denial): string {
  if (kind === 'token' && isJti(id)) return tokenField(id);
  if (kind === 'session' && isSid(id)) return sessionField(id);
  return refuse('id', 'a jti of 1 to 128 printable characters, or a sid');
}

/** @throws {UsageError} invalid_argument */
function toMoment(from = 0): number {
  if (Number.isNaN(from)) refuse('from', 'epoch milliseconds');
  return Math.min(Math.max(0, Math.floor(from)), MAX_TIME);
}

/** @throws {UsageError} invalid_argument */
function toTtl(ttlMs: number): number {
  if (!(ttlMs > 0 && ttlMs < MAX_TIME)) refuse('ttlMs', 'a number of milliseconds above 0');
  return Math.ceil(ttlMs);
}

/** @throws {UsageError} invalid_argument */
function toOperation(operation: string): string {
  if (!OPERATION.test(operation)) refuse('operation', '1 to 64 characters of base64url');
  return operation;
}

/** The session of another subject spares no token, like a name that no session has. */
function toSpared(tag: string, except: string | undefined): string {
  if (except === undefined) return '';
  return isSid(except) && except.startsWith(tag) ? restOf(except) : '-';
}

/** @throws {UsageError} invalid_argument */
function refuse(name: string, expected: string): never {
  throw new UsageError(
    'invalid_argument',
    `denylist.${name}: expected ${expected}, got another value.`,
  );
}
