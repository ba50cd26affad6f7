import type { AccessEntry, AuthPart, DataPart, OnceValue, RotationStep } from './record.js';

/*
 * The parts of a record as text, for stores that keep text:
 *
 * auth = JSON array of ASCII characters
 * data = JSON array
 *
 * Field names are left out, and times within the auth part are relative to `authenticatedAt`: both together halve it.
 */

/** The auth part as it is stored; its end stands beside it, where the store can compare it. */
export interface EncodedAuth {
  readonly text: string;
  readonly expiresAt: number;
}

/** Returns the auth part as text. */
export function encodeAuth(auth: AuthPart): EncodedAuth {
  const base = auth.authenticatedAt;
  const text = JSON.stringify([
    base,
    auth.absoluteExpiresAt - base,
    auth.lastUsedAt - base,
    auth.generation,
    auth.family,
    auth.refresh,
    flatten(auth.access, ({ digest, expiresAt }) => [digest, expiresAt - base]),
    flatten(auth.steps, ({ salt, spentAt }) => [
      salt,
      spentAt === undefined ? null : spentAt - base,
    ]),
    auth.accessCount,
    (auth.acknowledged ? 1 : 0) + (auth.replayed ? 2 : 0),
  ]);
  return { text, expiresAt: auth.expiresAt };
}

/** Returns the two values of each item in turn. A loop, because `flatMap` takes longer than all the rest. */
function flatten<Item>(
  items: readonly Item[],
  split: (item: Item) => readonly [first: string, second: number | null],
): readonly (string | number | null)[] {
  const flat: (string | number | null)[] = [];
  for (const item of items) {
    const [first, second] = split(item);
    flat.push(first, second);
  }
  return flat;
}

/** Returns the data part as text. */
export function encodeData({ subject, device, data, guest, once, stamp }: DataPart): string {
  const parts = [subject, [device.userAgent, device.ip, device.label], data];
  if (guest !== undefined || once !== undefined || stamp !== undefined) {
    // Most sessions have none of these, and are stored without them.
    const values = (once ?? []).flatMap(({ name, value, expiresAt }) => [name, value, expiresAt]);
    parts.push([guest === true ? 1 : 0, stamp, ...values]);
  }
  return JSON.stringify(parts);
}

/** Returns the auth part of parsed text. @throws {TypeError} if it is of another form */
export function decodeAuth(value: unknown, expiresAt: number): AuthPart {
  const [base, absolute, lastUsed, generation, family, refresh, access, steps, accessCount, flags] =
    list(value);
  const from = number(base);
  return {
    expiresAt,
    absoluteExpiresAt: from + number(absolute),
    authenticatedAt: from,
    lastUsedAt: from + number(lastUsed),
    generation: counter(generation),
    family: text(family),
    refresh: text(refresh),
    access: pairs(
      access,
      (digest, at): AccessEntry => ({ digest: text(digest), expiresAt: from + number(at) }),
    ),
    steps: atLeastOne(
      pairs(
        steps,
        (salt, at): RotationStep =>
          at === null ? { salt: text(salt) } : { salt: text(salt), spentAt: from + number(at) },
      ),
    ),
    // -1: a renewed cookie, whose generation has no access token yet.
    accessCount: accessCount === -1 ? -1 : counter(accessCount),
    acknowledged: (number(flags) & 1) !== 0,
    replayed: (number(flags) & 2) !== 0,
  };
}

/** Returns the frozen data part of parsed text. @throws {TypeError} if it is of another form */
export function decodeData(value: unknown): DataPart {
  const [subject, device, data, others] = list(value);
  if (typeof data !== 'object' || data === null) throw new TypeError('data');
  return Object.freeze({
    subject: text(subject),
    device: decodeDevice(list(device)),
    data: deepFreeze(data),
    ...(others === undefined ? {} : decodeOthers(list(others))),
  });
}

function decodeOthers([guest, stamp, ...values]: readonly unknown[]): Partial<DataPart> {
  const once: OnceValue[] = [];
  for (let n = 0; n + 2 < values.length; n += 3) {
    const [name, value, expiresAt] = values.slice(n, n + 3);
    once.push(deepFreeze({ name: text(name), value, expiresAt: number(expiresAt) }));
  }
  return {
    ...(guest === 1 ? { guest: true } : {}),
    ...(once.length === 0 ? {} : { once: Object.freeze(once) }),
    ...(typeof stamp === 'string' ? { stamp } : {}),
  };
}

function decodeDevice([userAgent, ip, label]: readonly unknown[]): DataPart['device'] {
  const device: { userAgent?: string; ip?: string; label?: string } = {};
  if (typeof userAgent === 'string') device.userAgent = userAgent;
  if (typeof ip === 'string') device.ip = ip;
  if (typeof label === 'string') device.label = label;
  return Object.freeze(device);
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('list');
  return value;
}

function pairs<Item>(
  value: unknown,
  create: (first: unknown, second: unknown) => Item,
): readonly Item[] {
  const flat = list(value);
  const items: Item[] = [];
  for (let n = 0; n + 1 < flat.length; n += 2) items.push(create(flat[n], flat[n + 1]));
  return items;
}

function atLeastOne<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length === 0) throw new TypeError('empty');
  return items;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('text');
  return value;
}

function number(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError('number');
  return value as number;
}

/** A uint32 in tokens and derivations, whose successor has to be one too. */
function counter(value: unknown): number {
  const count = number(value);
  if (count < 0 || count >= 0xffffffff) throw new TypeError('counter');
  return count;
}

/** Sessions expose their data as it is cached, so callers must not be able to change it. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
