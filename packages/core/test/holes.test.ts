import { createSessions, UsageError } from '@sess/core';
import { createSessionHttp, type HttpOptions } from '@sess/core/http';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createGuard } from '../src/http/guard.js';

/** `every` passes over holes, and JSON writes them as null: a record that cannot be read. */
const holes = (...names: string[]): string[] => {
  const list = new Array<string>(names.length + 1);
  for (const [index, name] of names.entries()) list[index + 1] = name;
  return list;
};
const sessions = createSessions({ logger: silentLogger });

describe('an array with a hole is refused', () => {
  const http = (options: HttpOptions) => createSessionHttp(() => sessions, options);

  it.each<[string, () => unknown]>([
    ['amr', () => sessions.create({ subject: 'ada', amr: holes('pwd') })],
    // A copy of it would take all memory.
    ['amr', () => sessions.create({ subject: 'ada', amr: new Array(4e9) })],
    ['keep', () => sessions.create({ subject: 'ada' }, { keep: holes('cart') })],
    ['acr', () => createGuard({ acr: holes('two') })],
    ['clearPaths', () => http({ cookie: { clearPaths: holes('/api') } })],
    ['origins', () => http({ csrf: { origins: holes() } })],
  ])('%s', async (name, call) => {
    const error: unknown = await (async () => call())().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(name);
  });
});
