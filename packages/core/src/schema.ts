import { InvalidDataError, UsageError } from './errors.js';
import { show } from './show.js';

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
 * @throws UsageError `invalid_option` for what is no schema after all
 */
export async function checkSchema<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
): Promise<Output> {
  const result = await schema['~standard'].validate(value);
  if (!isResult(result)) {
    throw new UsageError(
      'invalid_option',
      'data: its validate() answered neither a value nor issues, as the Standard Schema interface has it.',
    );
  }
  // The standard lets any falsy `issues` stand for success.
  if (!result.issues) return result.value;
  const issues = result.issues.map((issue) => ({ message: issue.message, path: pathOf(issue) }));
  const places = issues.map((issue) => issue.path || '(root)').slice(0, 5);
  throw new InvalidDataError(`The session data does not fit its schema at: ${places.join(', ')}.`, {
    issues,
  });
}

function isResult(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  const { issues } = result as { readonly issues?: unknown };
  return !issues || (Array.isArray(issues) && issues.every(isIssue));
}

function isIssue(issue: unknown): boolean {
  if (typeof issue !== 'object' || issue === null) return false;
  const { path } = issue as { readonly path?: unknown };
  return path === undefined || (Array.isArray(path) && !path.includes(null));
}

function pathOf(issue: StandardIssue): string {
  return (issue.path ?? [])
    .map((part) => show(typeof part === 'object' ? part.key : part))
    .join('.');
}
