import { describe, expect, it } from 'vitest';
import { InvalidDataError } from '../../src/errors.js';
import { checkSchema, type StandardSchema } from '../../src/util/json.js';

type Validate<Output> = StandardSchema<Output>['~standard']['validate'];

function schemaOf<Output>(validate: Validate<Output>): StandardSchema<Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

async function refusalOf(schema: StandardSchema, value: unknown): Promise<InvalidDataError> {
  const error: unknown = await checkSchema(schema, value).then(
    () => expect.unreachable('nothing was refused'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvalidDataError);
  return error as InvalidDataError;
}

describe('checkSchema', () => {
  it('checkSchema returns the value that the schema produces', async () => {
    const trimming = schemaOf((value) => ({ value: String(value).trim() }));
    expect(await checkSchema(trimming, ' zoe ')).toBe('zoe');
  });

  it('waits for a schema that takes its time', async () => {
    const slow = schemaOf(async (value) => ({ value: { handle: value } }));
    expect(await checkSchema(slow, 'zoe')).toEqual({ handle: 'zoe' });
    const refusing = schemaOf<never>(async () => ({
      issues: [{ message: 'taken', path: ['handle'] }],
    }));
    expect((await refusalOf(refusing, 'zoe')).issues).toEqual([
      { message: 'taken', path: 'handle' },
    ]);
  });

  it('takes a schema that is a function, as arktype’s are', async () => {
    const schema = Object.assign(
      () => {},
      schemaOf((value) => ({ value })),
    );
    expect(await checkSchema(schema, 'zoe')).toBe('zoe');
  });

  it('calls validate as a method of its owner', async () => {
    const owner = {
      version: 1 as const,
      vendor: 'test',
      suffix: '!',
      validate(value: unknown) {
        return { value: `${String(value)}${this.suffix}` };
      },
    };
    expect(await checkSchema({ '~standard': owner }, 'zoe')).toBe('zoe!');
  });

  it('takes any falsy `issues` as success, as SuccessResult of Standard Schema 1 has it', async () => {
    const schema = schemaOf((value) => ({ value, issues: null }) as never);
    expect(await checkSchema(schema, 'zoe')).toBe('zoe');
  });

  it('joins the path of an issue with dots, whichever form its parts have', async () => {
    const schema = schemaOf<never>(() => ({
      issues: [
        { message: 'a', path: ['address', 'lines', 0] },
        { message: 'b', path: [{ key: 'address' }, { key: 1 }, 'street'] },
        { message: 'c', path: [] },
        { message: 'd' },
      ],
    }));
    expect((await refusalOf(schema, {})).issues).toEqual([
      { message: 'a', path: 'address.lines.0' },
      { message: 'b', path: 'address.1.street' },
      { message: 'c', path: '' },
      { message: 'd', path: '' },
    ]);
  });

  it('names places in its message, at most five, and never a value', async () => {
    const canary = 'hunter2';
    const schema = schemaOf<never>(() => ({
      issues: ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({
        message: `${canary} is too short`,
        path: [key],
      })),
    }));
    const { message, code, issues } = await refusalOf(schema, canary);
    expect(message).toBe('The session data does not fit its schema at: a, b, c, d, e.');
    expect(code).toBe('invalid_data');
    expect(issues).toHaveLength(6);
  });

  it('calls the place of a fault in the whole the root', async () => {
    const schema = schemaOf<never>(() => ({ issues: [{ message: 'no object' }] }));
    expect((await refusalOf(schema, 7)).message).toContain('at: (root).');
  });
});
