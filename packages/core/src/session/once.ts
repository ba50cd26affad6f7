import type { Sessions } from '../engine.js';
import { InvalidDataError, UsageError } from '../errors.js';
import { type DataPart, isExpired, type OnceValue, type SessionRecord } from '../store/record.js';
import { encodeBase64Url, type RandomBytes } from '../token/crypto.js';
import { isSid } from '../token/session-id.js';
import type { OneTimeValue, RegisteredOnce } from '../types.js';
import { toFrozenValue } from '../util/json.js';
import { assertKnown, formatShort, parseDuration } from '../util/options.js';
import type { EngineContext } from './context.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';

/** Attempts at a write. Each conflict is the success of another write. */
const MAX_ATTEMPTS = 100;

const MAX_VALUES = 16;
/** Characters of JSON text, of all values of a session. */
const MAX_LENGTH = 4_096;
const MAX_NAME_LENGTH = 64;
const DEFAULT_TTL = '10m';
const MAX_TTL_MS = 86_400_000;

/** A value to be put, validated. */
export interface CheckedValue extends Pick<OnceValue, 'name' | 'value'> {
  readonly ttlMs: number;
}

/**
 * Returns a one-time value in the form in which it is kept.
 *
 * @throws {UsageError} invalid_argument, invalid_option
 * @throws {InvalidDataError} invalid_data, data_too_large
 */
export function checkOneTimeValue(given: OneTimeValue<never> | OneTimeValue): CheckedValue {
  assertKnown('put', given, ['name', 'value', 'ttl']);
  const { name, value, ttl = DEFAULT_TTL } = given as OneTimeValue;
  if (!isName(name)) {
    throw new UsageError(
      'invalid_argument',
      `put: expected a name of 1 to ${MAX_NAME_LENGTH} characters, got ${formatShort(name)}.`,
    );
  }
  const checked = {
    name,
    value: toFrozenValue(value, MAX_LENGTH),
    ttlMs: parseDuration('put: ttl', ttl, { max: MAX_TTL_MS }),
  };
  assertFits(checked);
  return checked;
}

function assertFits({ name, value }: CheckedValue): void {
  const length = lengthOf([{ name, value, expiresAt: Date.UTC(9999, 0) }]);
  if (length <= MAX_LENGTH) return;
  throw new InvalidDataError(
    `put: expected at most ${MAX_LENGTH} characters of JSON in one-time values, got ${length}. Keep the value elsewhere, and put its id.`,
    { code: 'data_too_large' },
  );
}

function isName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length >= 1 &&
    name.length <= MAX_NAME_LENGTH &&
    name.isWellFormed()
  );
}

function lengthOf(entries: readonly OnceValue[]): number {
  return JSON.stringify(entries.flatMap(({ name, value, expiresAt }) => [name, value, expiresAt]))
    .length;
}

/** Returns the values that can be taken at store time `at`. */
export function liveValues({ once }: DataPart, at: number): readonly OnceValue[] {
  return (once ?? []).filter(({ expiresAt }) => expiresAt > at);
}

/** Returns the values with one more. It replaces one of its name. The oldest ones make room. */
export function addValue(
  entries: readonly OnceValue[],
  { name, value, ttlMs }: CheckedValue,
  at: number,
): readonly OnceValue[] {
  const entry = Object.freeze({ name, value, expiresAt: at + ttlMs });
  const others = entries.filter((other) => other.name !== name).slice(1 - MAX_VALUES);
  while (lengthOf([...others, entry]) > MAX_LENGTH) others.shift();
  return [...others, entry];
}

/** Returns the data part with these one-time values. */
export function withValues(part: DataPart, entries: readonly OnceValue[]): DataPart {
  const { once: _once, stamp: _stamp, ...others } = part;
  if (entries.length === 0) return Object.freeze(others);
  return Object.freeze({ ...others, once: Object.freeze(entries) });
}

/**
 * Returns the data part with a new stamp. Stores take a write of the same version and content for a repetition,
 * and let it pass: of two writes that differ in nothing, both would seem to have succeeded.
 */
export function stamped(part: DataPart, random: RandomBytes): DataPart {
  return Object.freeze({ ...part, stamp: encodeBase64Url(random(9)) });
}

/** Creates `put` and `take`. Of concurrent calls of `take`, the one whose write removed the value gets it. */
export function createOneTimeValues<Data extends object>(
  context: EngineContext,
): Pick<Sessions<Data>, 'put' | 'take'> {
  const { settings, store, runExclusive } = context;

  async function change<Outcome>(
    sid: string,
    decide: (record: SessionRecord, at: number) => Attempt<Outcome | undefined>,
  ): Promise<Outcome | undefined> {
    if (!isSid(sid)) return undefined;
    return runExclusive(sid, () =>
      updateWithRetry(store, {
        sid,
        maxAttempts: MAX_ATTEMPTS,
        decide: (record, at) =>
          isExpired(record, at) ? { outcome: undefined } : decide(record, at),
      }),
    );
  }

  return {
    async put(sid, given) {
      const value = checkOneTimeValue(given);
      const isPut = await change(sid, (record, at) => {
        const entries = addValue(liveValues(record.data, at), value, at);
        const data = withValues(record.data, entries);
        return { outcome: true, write: () => store.replaceData(record, data) };
      });
      return isPut === true;
    },

    async take<Name extends keyof RegisteredOnce>(sid: string, name: Name) {
      const value = await change(sid, (record, at) => {
        const entries = liveValues(record.data, at);
        const entry = entries.find((other) => other.name === name);
        if (entry === undefined) return { outcome: undefined };
        const others = entries.filter((other) => other !== entry);
        const data = stamped(withValues(record.data, others), settings.random);
        return { outcome: entry.value, write: () => store.replaceData(record, data) };
      });
      return value as RegisteredOnce[Name] | undefined;
    },
  };
}
