import { InvalidDataError } from '../errors.js';
import { formatValue } from './options.js';

/** Nested arrays and objects that session data may have; the data object itself is the first. */
export const MAX_DEPTH = 64;
/** Characters that session data may have as JSON text. */
export const MAX_LENGTH = 131_072;

/**
 * A frozen copy of `value` as JSON would carry it: what every store gives back, and nothing that later
 * changes in the caller's object. A key `__proto__` is dropped, so no copy made of it by a merge can
 * turn into a prototype.
 *
 * @throws InvalidDataError for what JSON cannot say (BigInt, functions, NaN), for more than 64 levels
 *   (a cycle among them), and for more than 131,072 characters
 */
export function toFrozenJson<Data extends object>(value: Data): Data {
  if (!isPlainObject(value)) throw new InvalidDataError('Session data must be a plain object.');
  const copy = freeze(value, 1, { spent: 0 }) as Data;
  if (!isPlainObject(copy)) throw new InvalidDataError('Session data must be a plain object.');
  if (JSON.stringify(copy).length > MAX_LENGTH) throw tooLarge();
  return copy;
}

function freeze(value: unknown, depth: number, budget: { spent: number }): unknown {
  if (value === null || typeof value === 'boolean') return spend(value, 1, budget);
  if (typeof value === 'string') return spend(value, value.length, budget);
  if (typeof value === 'number') {
    // JSON knows one zero only.
    if (Number.isFinite(value)) return spend(value === 0 ? 0 : value, 1, budget);
    throw new InvalidDataError(`Session data holds ${value}, which JSON cannot say.`);
  }
  if (typeof value !== 'object') {
    throw new InvalidDataError(`Session data holds a ${typeof value}, which JSON cannot say.`);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return freezeReplacement(value.toJSON() as unknown, depth, budget);
  }
  if (depth > MAX_DEPTH) throw tooDeep();
  spend(value, 1, budget);
  if (Array.isArray(value)) {
    return Object.freeze(
      Array.from(value, (item: unknown) => freeze(item ?? null, depth + 1, budget)),
    );
  }
  if (!isPlainObject(value)) {
    throw new InvalidDataError('Session data holds an object that is neither plain nor an array.');
  }
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__' || item === undefined) continue;
    copy[key] = freeze(item, depth + 1, spend(budget, key.length, budget));
  }
  return Object.freeze(copy);
}

/** What `toJSON` answered; JSON does not ask a second time. */
function freezeReplacement(value: unknown, depth: number, budget: { spent: number }): unknown {
  if (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  ) {
    throw new InvalidDataError('Session data holds a toJSON that answers another.');
  }
  return freeze(value, depth, budget);
}

/** Stops a huge value while it is walked, before it has been copied whole. */
function spend<Value>(value: Value, amount: number, budget: { spent: number }): Value {
  budget.spent += amount;
  if (budget.spent > MAX_LENGTH) throw tooLarge();
  return value;
}

function tooDeep(): InvalidDataError {
  return new InvalidDataError(
    `Session data is nested deeper than ${MAX_DEPTH} levels, or refers to itself.`,
  );
}

function tooLarge(): InvalidDataError {
  return new InvalidDataError(`Session data is longer than ${MAX_LENGTH} characters of JSON.`, {
    code: 'data_too_large',
  });
}

/** Whether `value` is an object literal, or one as JSON.parse makes them. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is used here. Schemas of
 * zod, valibot, arktype and others satisfy it.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Checks a value against a schema.
 *
 * @throws InvalidDataError with the schema's issues; the message names paths, never values
 */
export async function checkSchema<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
): Promise<Output> {
  const result = await schema['~standard'].validate(value);
  // The standard lets any falsy `issues` stand for success.
  if (!result?.issues) return result?.value;
  // Schemas are not written here: whatever is no issue is told as one that says nothing.
  const issues = Array.from(result.issues, (issue) => ({
    message: formatValue(issue?.message),
    path: pathOf(issue),
  }));
  const places = issues.map((issue) => issue.path || '(root)').slice(0, 5);
  throw new InvalidDataError(`The session data does not fit its schema at: ${places.join(', ')}.`, {
    issues,
  });
}

function pathOf(issue: StandardIssue): string {
  const parts = Array.from(issue?.path ?? [], (part) =>
    formatValue(typeof part === 'object' ? part?.key : part),
  );
  return parts.join('.');
}
