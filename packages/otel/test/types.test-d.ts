/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import { createSessions, type Sessions, type VerifyResult } from '@sess/core';
import { sessionMiddleware } from '@sess/express';
import { createStatelessSessions } from '@sess/jwt';
import type { StatelessSessions } from '@sess/jwt/stateless';
import { instrument } from '@sess/otel';
import { expectTypeOf, test } from 'vitest';

interface Profile {
  handle: string;
}

test('an instrumented engine is of the type that the engine is of', async () => {
  const sessions = instrument(createSessions<Profile>());
  expectTypeOf(sessions).toEqualTypeOf<Sessions<Profile>>();
  expectTypeOf(await sessions.verify('x')).toEqualTypeOf<VerifyResult<Profile>>();
  expectTypeOf(instrument(createSessions())).toEqualTypeOf<Sessions>();

  const token = { issuer: 'i', audience: 'a', keys: 'k' };
  const stateless = instrument(createStatelessSessions<Profile>(token));
  expectTypeOf(stateless).toEqualTypeOf<StatelessSessions<Profile>>();
});

test('adapters take it', () => {
  sessionMiddleware(instrument(createSessions()));
  sessionMiddleware(instrument(createSessions<Profile>()));
});

test('what is no engine does not compile', () => {
  // @ts-expect-error an engine comes first
  instrument();
  // @ts-expect-error these are options of an engine
  instrument({ accessTtl: '15m' });
  // @ts-expect-error there is no such option
  instrument(createSessions(), { tracer: 1 });
});
