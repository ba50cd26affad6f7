/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import { expectTypeOf, test } from 'vitest';
import {
  type ClientOptions,
  createClient,
  type ListedSession,
  type SessionChange,
  type SessionClient,
  SessionClientError,
  type TokenResponse,
} from '../src/index.js';
import { useSession } from '../src/react.js';

test('a client', () => {
  const client = createClient({ baseUrl: 'https://api.example.com' });
  expectTypeOf(client).toEqualTypeOf<SessionClient>();
  expectTypeOf(client.signedIn).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(client.refresh).returns.resolves.toBeBoolean();
  expectTypeOf(client.logout).returns.resolves.toBeVoid();
  expectTypeOf(client.logoutEverywhere).returns.resolves.toBeNumber();
  expectTypeOf(client.sessions.list).returns.resolves.toEqualTypeOf<readonly ListedSession[]>();
  expectTypeOf(client.sessions.revoke).toEqualTypeOf<(sid: string) => Promise<boolean>>();
  expectTypeOf(client.start).parameter(0).toEqualTypeOf<TokenResponse>();
  expectTypeOf(client.subscribe).toEqualTypeOf<
    (listener: (change: SessionChange) => void) => () => void
  >();
  client.subscribe(() => {});
  client.subscribe(({ type, sid, subject }) => {
    expectTypeOf(type).toEqualTypeOf<'signed-in' | 'renewed' | 'signed-out'>();
    expectTypeOf(sid).toEqualTypeOf<string | undefined>();
    expectTypeOf(subject).toEqualTypeOf<string | undefined>();
  });
  expectTypeOf(client.getToken).returns.resolves.toEqualTypeOf<string | undefined>();
  expectTypeOf(client.logout).toBeCallableWith({ localOnly: true });
  // @ts-expect-error: only the client sets it
  client.signedIn = true;
  // @ts-expect-error: a token is to be requested, because it may have to be renewed
  client.token;
});

test('its fetch goes wherever fetch goes', () => {
  expectTypeOf(createClient().fetch).toExtend<typeof fetch>();
});

test('its options', () => {
  expectTypeOf(createClient).parameter(0).toEqualTypeOf<ClientOptions | undefined>();
  createClient({ storage: { get: () => null, set() {}, remove() {} } });
  createClient({ storage: { get: async () => 'token', async set() {}, async remove() {} } });
  createClient({ environment: { openTabs: undefined } });
  createClient({ origins: ['https://files.example.com'] });
  // @ts-expect-error: a storage has all three
  createClient({ storage: { get: () => null } });
  // @ts-expect-error: a misspelt option does not compile
  createClient({ baseURL: 'https://api.example.com' });
});

test('its errors', () => {
  const error = new SessionClientError(new Response(), 'store_unavailable');
  expectTypeOf(error.code).toEqualTypeOf<string | undefined>();
  expectTypeOf(error.status).toBeNumber();
});

test('its hook', () => {
  expectTypeOf(useSession).returns.toEqualTypeOf<{
    readonly signedIn: boolean | undefined;
    readonly sid: string | undefined;
    readonly subject: string | undefined;
  }>();
});
