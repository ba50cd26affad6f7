import { InvalidDataError } from '../errors.js';
import { formatValue } from './options.js';

/** Nested arrays and objects that session data may have; the data object itself is the first. */
export const MAX_DEPTH = 64;
/** The largest number of characters of JSON text that an option may allow. */
export const MAX_LENGTH = 131_072;
/**
 * Characters of JSON text that session data may have by default: enough for what requests need (a role, a tenant,
 * settings), and so little that a subject's 100 sessions are listed without reading megabytes.
 */
export const DEFAULT_DATA_LENGTH = 8_192;

/**
 * Characters of JSON text for one that was counted, at most: a number is counted as one, and has up to 25 and a comma;
 * an escaped character of a text has six.
 */
const MAX_EXPANSION = 26;

/** What is left of the characters that a value may have. */
interface Budget {
  /** At most the length of the text. */
  spent: number;
  readonly max: number;
}

/**
 * Returns a frozen copy of `value` as JSON: what every store returns, and independent of the caller's object. A key
 * `__proto__` is dropped, so that no merge of the copy can set a prototype.
 *
 * @param maxLength characters of JSON text
 * @throws {InvalidDataError} invalid_data for values that JSON would drop or change (BigInt, functions, NaN, a Date), and
 *   for more than 64 levels (a cycle among them); data_too_large
 */
export function toFrozenJson<Data extends object>(
  value: Data,
  maxLength: number = MAX_LENGTH,
): Data {
  if (!isPlainObject(value)) throw new InvalidDataError('Session data must be a plain object.');
  const budget = { spent: 0, max: maxLength };
  const copy = freeze(value, 1, budget) as Data;
  // Nearly all data is so small that its text cannot be too long, and need not be written.
  const isSmall = budget.spent * MAX_EXPANSION <= maxLength;
  if (!isSmall && JSON.stringify(copy).length > maxLength) throw tooLarge(maxLength);
  return copy;
}

/**
 * Returns a frozen copy of any JSON value. `undefined` is refused.
 *
 * @throws {InvalidDataError} as `toFrozenJson`
 */
export function toFrozenValue(value: unknown, maxLength: number): unknown {
  return freeze(value, 1, { spent: 0, max: maxLength });
}

function freeze(value: unknown, depth: number, budget: Budget): unknown {
  if (value === null || typeof value === 'boolean') return spend(value, 1, budget);
  if (typeof value === 'string') return spend(value, value.length + 2, budget);
  if (typeof value === 'number') {
    // JSON knows one zero only.
    if (Number.isFinite(value)) return spend(value === 0 ? 0 : value, 1, budget);
    throw new InvalidDataError(`Session data contains ${value}, which JSON cannot represent.`);
  }
  if (typeof value !== 'object') {
    throw new InvalidDataError(
      `Session data contains a ${typeof value}, which JSON cannot represent.`,
    );
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    // It would come back from a store as something else.
    throw new InvalidDataError(
      'Session data contains an object with toJSON, such as a Date. Write its text or number instead.',
    );
  }
  if (depth > MAX_DEPTH) throw tooDeep();
  spend(value, 1, budget);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) {
      items.push(freeze(value[index] ?? null, depth + 1, budget));
    }
    return Object.freeze(items);
  }
  if (!isPlainObject(value)) {
    throw new InvalidDataError(
      'Session data contains an object that is neither plain nor an array.',
    );
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (key === '__proto__' || item === undefined) continue;
    copy[key] = freeze(item, depth + 1, spend(budget, key.length + 3, budget));
  }
  return Object.freeze(copy);
}

/** Counts characters while a value is copied, so that a huge one is refused before it has been copied. */
function spend<Value>(value: Value, amount: number, budget: Budget): Value {
  budget.spent += amount;
  if (budget.spent > budget.max) throw tooLarge(budget.max);
  return value;
}

function tooDeep(): InvalidDataError {
  return new InvalidDataError(
    `Session data is nested deeper than ${MAX_DEPTH} levels, or refers to itself.`,
  );
}

function tooLarge(maxLength: number): InvalidDataError {
  return new InvalidDataError(`Session data is longer than ${maxLength} characters of JSON.`, {
    code: 'data_too_large',
  });
}

/** True if `value` is an object literal, or an object as JSON.parse creates them. */
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
 * Returns the output of a schema for a value.
 *
 * @throws {InvalidDataError} invalid_data with the schema's issues; the message names paths, never values
 */
export async function checkSchema<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
): Promise<Output> {
  return outputOf(await schema['~standard'].validate(value));
}

/**
 * Returns stored data as the schema has it now, as frozen JSON. Data that it does not change is returned itself, and
 * so is all data if the schema validates asynchronously: a cached session is read synchronously.
 *
 * @throws {InvalidDataError} invalid_data
 */
export function applySchema(schema: StandardSchema<object>, stored: object): object {
  const result = schema['~standard'].validate(stored);
  if (result instanceof Promise) {
    result.catch(() => {});
    return stored;
  }
  const output = toFrozenJson(outputOf(result));
  return JSON.stringify(output) === JSON.stringify(stored) ? stored : output;
}

function outputOf<Output>(result: StandardResult<Output>): Output {
  // The standard lets any falsy `issues` stand for success.
  if (!result?.issues) return result?.value;
  // Schemas are foreign code: an issue of an unknown form is reported without a message.
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

/**
 * Returns a part of session data as frozen JSON. The schema validates the names that are there, and not which are
 * missing. Its output is not used: the whole passes the schema once more when it is complete.
 *
 * @throws {InvalidDataError} invalid_data, data_too_large
 */
export async function checkPartialData(
  schema: StandardSchema<object> | undefined,
  data: object,
  maxLength: number,
): Promise<object> {
  const plain = toFrozenJson(data, maxLength);
  try {
    if (schema !== undefined) await checkSchema(schema, plain);
  } catch (error) {
    const issues = error instanceof InvalidDataError ? error.issues : [];
    const names = Object.keys(plain);
    const isMissing = ({ path }: { readonly path: string }): boolean =>
      path !== '' && !names.some((name) => path === name || path.startsWith(`${name}.`));
    if (issues.length === 0 || !issues.every(isMissing)) throw error;
  }
  return plain;
}

/**
 * Returns session data as frozen JSON, after the schema; without one synchronously.
 *
 * @throws {InvalidDataError} invalid_data, data_too_large
 */
export function checkData(
  schema: StandardSchema<object> | undefined,
  data: object,
  maxLength: number = DEFAULT_DATA_LENGTH,
): object | Promise<object> {
  const plain = toFrozenJson(data, maxLength);
  return schema === undefined ? plain : checkBySchema(schema, plain, maxLength);
}

async function checkBySchema(
  schema: StandardSchema<object>,
  plain: object,
  maxLength: number,
): Promise<object> {
  const output = toFrozenJson(await checkSchema(schema, plain), maxLength);
  // A later patch is checked together with what is stored, so the schema has to accept its own output.
  if (JSON.stringify(output) !== JSON.stringify(plain)) await checkSchema(schema, output);
  return output;
}
