import type {
  AccessEntry,
  AuthPart,
  DataPart,
  DeviceBinding,
  FormerFamily,
  OnceValue,
  Proof,
  RotationStep,
  SessionLife,
} from './record.js';
import {
  atLeastOne,
  counter,
  deepFreeze,
  list,
  number,
  pairs,
  span,
  text,
} from './record-values.js';

/*
 * The parts of a record as text, for stores that keep text:
 *
 * auth = JSON array of ASCII characters; the first item is the time from `authenticatedAt` to the end
 * data = JSON array; in format 2, an array of terms comes first
 *
 * Field names are left out, and times within the auth part are relative to `authenticatedAt`, which itself is relative to
 * the end that stands beside it: both together halve it. Absent values at the end of a list are left out.
 * Members that few sessions have stand at the end, and are left out with what follows them. A reader that does not
 * know them drops them, so they must be such that their loss only costs the user a step. What an earlier reader must
 * not overlook makes a record that it refuses: a session that is not a user's is of format 2, a binding has a flag.
 */

/** The auth part as it is stored; its end stands beside it, where the store can compare it. */
export interface EncodedAuth {
  readonly text: string;
  readonly expiresAt: number;
}

/** Flags of an auth part. */
const ACKNOWLEDGED = 1;
const REPLAYED = 2;
const BOUND = 4;

/** Returns the auth part as text. */
export function encodeAuth(auth: AuthPart): EncodedAuth {
  const base = auth.authenticatedAt;
  const text = JSON.stringify([
    auth.expiresAt - base,
    auth.absoluteExpiresAt - base,
    auth.lastUsedAt - base,
    auth.generation,
    auth.family,
    auth.refresh,
    flatten(auth.access, ({ digest, expiresAt }) => [digest, expiresAt - base]),
    flatten(auth.steps, ({ salt, spentAt }) => [
      salt,
      spentAt === undefined ? undefined : spentAt - base,
    ]),
    auth.accessCount,
    (auth.acknowledged ? ACKNOWLEDGED : 0) +
      (auth.replayed ? REPLAYED : 0) +
      (auth.binding === undefined ? 0 : BOUND),
    ...encodeProof(auth),
  ]);
  return { text, expiresAt: auth.expiresAt };
}

/** Returns the members behind the flags; none for most sessions. */
function encodeProof(auth: AuthPart): readonly unknown[] {
  const { acr, amr, former, binding, authenticatedAt: base } = auth;
  if ((acr ?? amr ?? former ?? binding) === undefined) return [];
  const families = former?.map((family) => [
    family.expiresAt - base,
    family.authenticatedAt - base,
    family.family,
    family.refresh,
    family.generation,
    family.salt,
    family.accessCount,
    flatten(family.access, ({ digest, expiresAt }) => [digest, expiresAt - base]),
    family.acr ?? 0,
    family.amr ?? 0,
  ]);
  return withoutEnd([
    acr ?? 0,
    amr ?? 0,
    families ?? (binding && 0),
    binding?.kind === 'dpop' ? binding.jkt : binding && encodeDevice(binding, base),
  ]);
}

function encodeDevice(binding: DeviceBinding, base: number): readonly unknown[] {
  const { key, salt, cookieTtl, cookies, isPending, formerUntil } = binding;
  const flat = flatten(cookies, ({ digest, expiresAt }) => [digest, expiresAt - base]);
  return [key, salt, cookieTtl, flat, isPending ? 1 : 0, formerUntil - base];
}

/**
 * Returns the two values of each item in turn, without a last one that is absent. A loop, because `flatMap` takes longer
 * than all the rest.
 */
function flatten<Item>(
  items: readonly Item[],
  split: (item: Item) => readonly [first: string, second: number | undefined],
): readonly (string | number | undefined)[] {
  const flat: (string | number | undefined)[] = [];
  for (const item of items) {
    const [first, second] = split(item);
    flat.push(first, second);
  }
  return withoutEnd(flat);
}

/** Removes absent values from the end of a list. JSON has `null` for those that remain. */
function withoutEnd<Value>(values: Value[]): Value[] {
  while (values.length > 0 && values.at(-1) === undefined) values.pop();
  return values;
}

/** Flags among the terms of a data part. */
const GUEST = 1;
const TRANSIENT = 2;

/** Returns the data part as text. */
export function encodeData(part: DataPart): string {
  const { subject, device, data, life, once, stamp } = part;
  const { userAgent, ip, label } = device;
  const members: unknown[] = [subject, withoutEnd([userAgent, ip, label]), data];
  if (once !== undefined) {
    members.push(once.flatMap(({ name, value, expiresAt }) => [name, value, expiresAt]));
  }
  if (stamp !== undefined) members.push(...(once === undefined ? [0] : []), stamp);
  if (formatOf(part) === 2) {
    const flags = (part.guest ? GUEST : 0) + (life?.persistent === false ? TRANSIENT : 0);
    members.unshift(life === undefined ? [flags] : [flags, life.idleTtl, life.absoluteTtl]);
  }
  return JSON.stringify(members);
}

/** Returns the format of a record: 2 if readers that know only the first must not use it. */
export function formatOf({ life, guest }: DataPart): 1 | 2 {
  return life === undefined && guest === undefined ? 1 : 2;
}

/** Returns the auth part of parsed text. @throws {TypeError} if it is of another form */
export function decodeAuth(value: unknown, expiresAt: number): AuthPart {
  const [life, absolute, lastUsed, generation, family, refresh, access, steps, ...rest] =
    list(value);
  const [accessCount, flags, acr, amr, former, binding] = rest;
  const from = expiresAt - number(life);
  const set = number(flags);
  if ((set & ~(ACKNOWLEDGED | REPLAYED | BOUND)) !== 0) throw new TypeError('flags');
  return {
    expiresAt,
    absoluteExpiresAt: from + number(absolute),
    authenticatedAt: from,
    lastUsedAt: from + number(lastUsed),
    generation: counter(generation),
    family: text(family),
    refresh: text(refresh),
    access: decodeAccess(access, from),
    steps: atLeastOne(
      pairs(
        steps,
        (salt, at): RotationStep =>
          at === null || at === undefined
            ? { salt: text(salt) }
            : { salt: text(salt), spentAt: from + number(at) },
      ),
    ),
    accessCount: decodeAccessCount(accessCount),
    acknowledged: (set & ACKNOWLEDGED) !== 0,
    replayed: (set & REPLAYED) !== 0,
    ...decodeProof(acr, amr),
    ...((set & BOUND) === 0 ? {} : { binding: decodeBinding(binding, from) }),
    ...(former === undefined || former === 0
      ? {}
      : { former: list(former).map((family) => decodeFormer(family, from)) }),
  };
}

function decodeBinding(value: unknown, from: number): NonNullable<AuthPart['binding']> {
  if (typeof value === 'string') return { kind: 'dpop', jkt: value };
  const [key, salt, ttl, cookies, isPending, formerUntil] = list(value);
  return {
    kind: 'dbsc',
    key: text(key),
    salt: text(salt),
    cookieTtl: span(ttl),
    cookies: decodeAccess(cookies, from),
    isPending: number(isPending) === 1,
    formerUntil: from + number(formerUntil),
  };
}

function decodeAccess(value: unknown, from: number): readonly AccessEntry[] {
  return pairs(value, (digest, at) => ({ digest: text(digest), expiresAt: from + number(at) }));
}

function decodeAccessCount(value: unknown): number {
  // -1: a renewed cookie, whose generation has no access token yet.
  return value === -1 ? -1 : counter(value);
}

/** A member of 0 is absent. */
function decodeProof(acr: unknown, amr: unknown): Proof {
  return {
    ...(acr === undefined || acr === 0 ? {} : { acr: text(acr) }),
    ...(amr === undefined || amr === 0 ? {} : { amr: Object.freeze(list(amr).map(text)) }),
  };
}

function decodeFormer(value: unknown, from: number): FormerFamily {
  const [end, authenticated, family, refresh, generation, salt, accessCount, access, acr, amr] =
    list(value);
  return {
    expiresAt: from + number(end),
    authenticatedAt: from + number(authenticated),
    family: text(family),
    refresh: text(refresh),
    generation: counter(generation),
    salt: text(salt),
    accessCount: decodeAccessCount(accessCount),
    access: decodeAccess(access, from),
    ...decodeProof(acr, amr),
  };
}

/** Returns the frozen data part of parsed text. @throws {TypeError} if it is of another form */
export function decodeData(value: unknown): DataPart {
  const members = list(value);
  const hasTerms = Array.isArray(members[0]);
  const [subject, device, data, once, stamp] = hasTerms ? members.slice(1) : members;
  if (typeof data !== 'object' || data === null) throw new TypeError('data');
  return Object.freeze({
    subject: text(subject),
    device: decodeDevice(list(device)),
    data: deepFreeze(data),
    ...(hasTerms ? decodeTerms(list(members[0])) : {}),
    ...(once === undefined || once === 0 ? {} : { once: decodeOnce(list(once)) }),
    ...(stamp === undefined ? {} : { stamp: text(stamp) }),
  });
}

function decodeTerms([first, idleTtl, absoluteTtl]: readonly unknown[]): Pick<
  DataPart,
  'life' | 'guest'
> {
  const flags = number(first);
  if ((flags & ~(GUEST | TRANSIENT)) !== 0) throw new TypeError('terms');
  const persistent = (flags & TRANSIENT) === 0;
  const life: SessionLife | undefined =
    idleTtl === undefined
      ? undefined
      : Object.freeze({ idleTtl: span(idleTtl), absoluteTtl: span(absoluteTtl), persistent });
  const guest = (flags & GUEST) !== 0;
  if (life === undefined && !(guest && persistent)) throw new TypeError('terms');
  return { ...(life === undefined ? {} : { life }), ...(guest ? { guest } : {}) };
}

function decodeOnce(flat: readonly unknown[]): readonly OnceValue[] {
  const values: OnceValue[] = [];
  for (let n = 0; n < flat.length; n += 3) {
    const value = deepFreeze(flat[n + 1]);
    values.push(Object.freeze({ name: text(flat[n]), value, expiresAt: number(flat[n + 2]) }));
  }
  return Object.freeze(values);
}

function decodeDevice([userAgent, ip, label]: readonly unknown[]): DataPart['device'] {
  const device: { userAgent?: string; ip?: string; label?: string } = {};
  if (typeof userAgent === 'string') device.userAgent = userAgent;
  if (typeof ip === 'string') device.ip = ip;
  if (typeof label === 'string') device.label = label;
  return Object.freeze(device);
}
