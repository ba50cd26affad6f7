import { InvalidDataError } from './errors.js';
import { formatValue } from './show.js';

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
