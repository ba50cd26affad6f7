/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import {
  type AccessTokens,
  configureSessions,
  createSessions,
  type Issued,
  type RefreshResult,
  type RegisteredData,
  type Session,
  type Sessions,
  type StandardSchema,
  type VerifyResult,
} from '@sess/core';
import { expectTypeOf, test } from 'vitest';
import {
  createStatelessSessions,
  type JwtKey,
  jwt,
  type KeySet,
  memoryDenylist,
  verifyOnly,
} from '../src/index.js';
import type { StatelessSessions } from '../src/stateless/stateless-sessions.js';

interface Profile {
  role: 'admin' | 'user';
  permissions: readonly string[];
  companyId?: string;
}

declare const schema: StandardSchema<Profile>;
declare const keys: KeySet;
declare const key: JwtKey;
const names = { issuer: 'https://api.example.com', audience: ['api', 'admin'] } as const;

test('a schema types the data of stateless sessions through and through', async () => {
  const sessions = createStatelessSessions({ keys, ...names, data: schema });
  expectTypeOf(sessions).toEqualTypeOf<StatelessSessions<Profile>>();
  const issued = await sessions.create({
    subject: 'ada',
    data: { role: 'admin', permissions: [] },
  });
  expectTypeOf(issued).toEqualTypeOf<Issued<Profile>>();
  const result = await sessions.verify('token');
  expectTypeOf(result).toEqualTypeOf<VerifyResult<Profile>>();
  if (result.ok) {
    expectTypeOf(result.session.data.role).toEqualTypeOf<'admin' | 'user'>();
    expectTypeOf(result.session.data.companyId).toEqualTypeOf<string | undefined>();
    expectTypeOf(await sessions.elevate(result.session)).toEqualTypeOf<
      Issued<Profile> | undefined
    >();
    // @ts-expect-error a token's data is what it was signed as
    result.session.data.role = 'user';
  }
  expectTypeOf(await sessions.refresh('token')).toEqualTypeOf<RefreshResult<Profile>>();
  expectTypeOf(await sessions.revokeToken('token')).toEqualTypeOf<boolean>();
  expectTypeOf(sessions.revokeToken).parameter(0).toBeUnknown();
  expectTypeOf(sessions.refresh).parameter(0).toBeUnknown();
  // @ts-expect-error the role is missing
  await sessions.create({ subject: 'ada', data: { permissions: [] } });
  // @ts-expect-error the data is missing
  await sessions.create({ subject: 'ada' });
  // @ts-expect-error there is no such role
  await sessions.create({ subject: 'ada', data: { role: 'root', permissions: [] } });
  // @ts-expect-error the schema is for other data
  createStatelessSessions<{ email: string }>({ keys, ...names, data: schema });
});

test('without a schema the data is what is said, or what the application registered', () => {
  expectTypeOf(createStatelessSessions({ keys, ...names })).toEqualTypeOf<
    StatelessSessions<RegisteredData>
  >();
  expectTypeOf(createStatelessSessions<Profile>({ keys, ...names })).toEqualTypeOf<
    StatelessSessions<Profile>
  >();
  expectTypeOf(verifyOnly<Profile>({ jwks: { keys: [] }, ...names })).toEqualTypeOf<
    Sessions<Profile>
  >();
});

test('a stateless engine goes wherever an engine goes', () => {
  const typed = createStatelessSessions({ keys, ...names, data: schema });
  expectTypeOf(typed).toExtend<Sessions<Profile>>();
  configureSessions(createStatelessSessions({ keys, ...names }));
  configureSessions(typed);
});

test('`claims` gets a typed session', () => {
  jwt<Profile>({
    keys,
    ...names,
    revocation: 'denylist',
    claims(session) {
      expectTypeOf(session).toEqualTypeOf<Session<Profile>>();
      return { role: session.data.role };
    },
  });
  // @ts-expect-error there is no such member
  jwt<Profile>({ keys, ...names, revocation: 'none', claims: ({ data }) => ({ rol: data.rol }) });
  // @ts-expect-error claims are an object
  jwt({ keys, ...names, revocation: 'none', claims: ({ subject }) => subject });
});

test('signed access tokens go into any engine', () => {
  const accessToken = jwt<Profile>({ keys, ...names, revocation: 'store' });
  expectTypeOf(accessToken).toEqualTypeOf<AccessTokens>();
  expectTypeOf(createSessions<Profile>({ accessToken })).toEqualTypeOf<Sessions<Profile>>();
  expectTypeOf(createSessions({ accessToken, data: schema })).toEqualTypeOf<Sessions<Profile>>();
});

test('options that will not do do not compile', () => {
  jwt({ keys: key, ...names, revocation: 'none' });
  jwt({ keys: [key], ...names, revocation: 'denylist', denylist: memoryDenylist() });
  // @ts-expect-error when tokens die has to be said
  jwt({ keys, ...names });
  // @ts-expect-error there is no such choice
  jwt({ keys, ...names, revocation: 'blocklist' });
  // @ts-expect-error an audience is needed
  jwt({ keys, issuer: 'https://api.example.com', revocation: 'none' });
  // @ts-expect-error a number is no key
  createStatelessSessions({ keys: 7, ...names });
  // @ts-expect-error a unit is s, m, h or d
  createStatelessSessions({ keys, ...names, ttl: '1 hour' });
  // @ts-expect-error there is no such option
  createStatelessSessions({ keys, ...names, tll: '1h' });
});
