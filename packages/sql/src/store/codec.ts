import type { AccessEntry, AuthPart, DataPart, RotationStep } from '@sess/core/store';

/** What of a session is written in the header beside its auth part. */
export interface EncodedAuth {
  readonly text: string;
  readonly expiresAt: number;
}

export function encodeAuth(auth: AuthPart): EncodedAuth {
  const base = auth.authenticatedAt;
  const text = JSON.stringify([
    base,
    auth.absoluteExpiresAt - base,
    auth.lastUsedAt - base,
    auth.generation,
    auth.family,
    auth.refresh,
    inTurns(auth.access, ({ digest, expiresAt }) => [digest, expiresAt - base]),
    inTurns(auth.steps, ({ salt, spentAt }) => [
      salt,
      spentAt === undefined ? null : spentAt - base,
    ]),
    auth.accessCount,
    (auth.acknowledged ? 1 : 0) + (auth.replayed ? 2 : 0),
  ]);
  return { text, expiresAt: auth.expiresAt };
}

/** Firsts and seconds in turn, as `pairs` reads them. By a loop: `flatMap` takes longer than all the rest. */
function inTurns<Item>(
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

export function encodeData({ subject, device, data }: DataPart): string {
  return JSON.stringify([subject, [device.userAgent, device.ip, device.label], data]);
}

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
    accessCount: counter(accessCount),
    acknowledged: (number(flags) & 1) !== 0,
    replayed: (number(flags) & 2) !== 0,
  };
}

export function decodeData(value: unknown): DataPart {
  const [subject, device, data] = list(value);
  if (typeof data !== 'object' || data === null) throw new TypeError('data');
  return Object.freeze({
    subject: text(subject),
    device: decodeDevice(list(device)),
    data: deepFreeze(data),
  });
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

/** A uint32 in tokens and derivations, and the one after it has to fit too. */
function counter(value: unknown): number {
  const count = number(value);
  if (count < 0 || count >= 0xffffffff) throw new TypeError('counter');
  return count;
}

/** Sessions expose the stored data, so it is frozen. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
