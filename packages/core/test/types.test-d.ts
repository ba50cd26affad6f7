/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import { expectTypeOf, test } from 'vitest';
import {
  type CreateInput,
  createSessions,
  type Duration,
  type Guest,
  type Issued,
  type PresentedTokens,
  type RefreshResult,
  type RegisteredData,
  type RejectionReason,
  type Session,
  type SessionEvent,
  type Sessions,
  type StandardSchema,
  type VerifyResult,
} from '../src/index.js';

interface Profile {
  handle: string;
  theme?: 'dark' | 'light';
}

/** The interface as the standard's own package (@standard-schema/spec 1.1) writes it. */
interface OfficialSchema<Input, Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly validate: (
      value: unknown,
      options?: { readonly libraryOptions?: Record<string, unknown> | undefined } | undefined,
    ) => OfficialResult<Output> | Promise<OfficialResult<Output>>;
  };
}
type OfficialResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{
        readonly message: string;
        readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
      }>;
    };

declare const schema: OfficialSchema<{ handle: unknown }, Profile>;
declare const sid: string;

test('createSessions<Data>() is typed through and through', async () => {
  const sessions = createSessions<Profile>();
  expectTypeOf(sessions).toEqualTypeOf<Sessions<Profile>>();
  expectTypeOf(sessions.create).parameter(0).toEqualTypeOf<CreateInput<Profile>>();

  const issued = await sessions.create({ subject: 'user-1', data: { handle: 'zoe' } });
  expectTypeOf(issued).toEqualTypeOf<Issued<Profile>>();
  expectTypeOf(issued.session).toEqualTypeOf<Session<Profile>>();
  expectTypeOf(issued.session.data.handle).toEqualTypeOf<string>();
  expectTypeOf(issued.session.data.theme).toEqualTypeOf<'dark' | 'light' | undefined>();
  expectTypeOf(issued.accessToken).toEqualTypeOf<string>();

  expectTypeOf(await sessions.get(sid)).toEqualTypeOf<Session<Profile> | undefined>();
  expectTypeOf(await sessions.list('user-1')).toEqualTypeOf<Session<Profile>[]>();
  expectTypeOf(await sessions.elevate(sid)).toEqualTypeOf<Issued<Profile> | undefined>();
  expectTypeOf(await sessions.update(sid, { handle: 'zoe' })).toEqualTypeOf<
    Session<Profile> | undefined
  >();
  expectTypeOf(await sessions.verify('token')).toEqualTypeOf<VerifyResult<Profile>>();
  expectTypeOf(await sessions.authenticate(null)).toEqualTypeOf<VerifyResult<Profile>>();
  expectTypeOf(await sessions.refresh('token')).toEqualTypeOf<RefreshResult<Profile>>();
});

test('data of the wrong type does not compile', async () => {
  const sessions = createSessions<Profile>();
  // @ts-expect-error a handle is text
  await sessions.create({ subject: 'user-1', data: { handle: 7 } });
  // @ts-expect-error a handle is missing
  await sessions.create({ subject: 'user-1', data: {} });
  // @ts-expect-error there is no such member
  await sessions.create({ subject: 'user-1', data: { handle: 'zoe', hadnle: 'zoe' } });
  // @ts-expect-error a subject is needed
  await sessions.create({ data: { handle: 'zoe' } });
  // @ts-expect-error session data is an object
  createSessions<string>();
});

test('a patch of the wrong type does not compile', async () => {
  const sessions = createSessions<Profile>();
  await sessions.update(sid, {});
  await sessions.update(sid, { theme: 'dark' });
  await sessions.update(sid, (data) => ({ ...data, theme: 'light' }));
  // @ts-expect-error a handle is text
  await sessions.update(sid, { handle: 7 });
  // @ts-expect-error there is no such theme
  await sessions.update(sid, { theme: 'sepia' });
  // @ts-expect-error there is no such member
  await sessions.update(sid, { hadnle: 'zoe' });
  // @ts-expect-error the whole data is to be returned
  await sessions.update(sid, () => ({ theme: 'light' }));
  await sessions.update(sid, (data) => {
    // @ts-expect-error the data is another's until it is returned
    data.handle = 'zoe';
    return data;
  });
});

test('a session is read only', async () => {
  const session = await createSessions<Profile>().get(sid);
  if (session === undefined) return;
  // @ts-expect-error change data with update
  session.data.handle = 'zoe';
  // @ts-expect-error a session belongs to whom it belongs
  session.subject = 'user-2';
});

test('a guest has some of the data, and a sign-in keeps names of it', async () => {
  const sessions = createSessions<Profile>();
  const { guest, refreshToken } = await sessions.createGuest({ data: { theme: 'dark' } });
  expectTypeOf(guest.data.handle).toEqualTypeOf<string | undefined>();
  await sessions.updateGuest(guest.sid, (data) => ({ ...data, theme: 'light' }));
  // @ts-expect-error there is no such theme
  await sessions.updateGuest(guest.sid, { theme: 'sepia' });
  // @ts-expect-error change data with updateGuest
  guest.data.handle = 'zoe';
  const input = { subject: 'user-1', data: { handle: 'zoe' } };
  await sessions.create(input, { replaces: { refreshToken }, keep: ['theme'] });
  // @ts-expect-error there is no such name
  await sessions.create(input, { replaces: { refreshToken }, keep: ['cart'] });
});

test('a guest is no session that a presentation returns', async () => {
  const result = await createSessions<Profile>().present('cookie', { canRenew: false });
  if (result.ok) expectTypeOf(result.session).toEqualTypeOf<Session<Profile>>();
  else if (result.reason === 'guest') expectTypeOf(result.guest).toEqualTypeOf<Guest<Profile>>();
  // @ts-expect-error neither a session nor a guest is certain
  result.guest;
});

test('a one-time value is any JSON unless its type is registered', async () => {
  const sessions = createSessions();
  await sessions.put(sid, { name: 'flash', value: { text: 'saved' }, ttl: '1m' });
  expectTypeOf(await sessions.take(sid, 'flash')).toEqualTypeOf<unknown>();
  // @ts-expect-error a time has a unit
  await sessions.put(sid, { name: 'flash', value: 1, ttl: 'soon' });
});

test('a refresh narrows by ok', async () => {
  const result = await createSessions<Profile>().refresh('token');
  // @ts-expect-error there is a session only when it was ok
  result.session;
  // @ts-expect-error there is a reason only when it was not
  result.reason;
  if (result.ok) {
    expectTypeOf(result.session.data.handle).toEqualTypeOf<string>();
    expectTypeOf(result.refreshToken).toEqualTypeOf<string>();
    expectTypeOf(result.issuedAt).toEqualTypeOf<number>();
    // @ts-expect-error nothing to explain
    result.reason;
  } else {
    expectTypeOf(result.reason).toEqualTypeOf<RejectionReason>();
    // @ts-expect-error no tokens either
    result.accessToken;
  }
});

test('a verification narrows by ok', async () => {
  const result = await createSessions<Profile>().verify('token');
  if (result.ok) expectTypeOf(result.session).toEqualTypeOf<Session<Profile>>();
  else expectTypeOf(result.reason).toEqualTypeOf<RejectionReason>();
  // @ts-expect-error a verification never holds tokens
  result.accessToken;
});

test('the reasons are those of the documentation', () => {
  expectTypeOf<RejectionReason>().toEqualTypeOf<
    'malformed' | 'unknown' | 'expired' | 'reused' | 'revoked' | 'unbound'
  >();
});

test('the first data may be left out only where its type allows it', () => {
  // @ts-expect-error the handle is missing
  void createSessions<Profile>().create({ subject: 'ada' });
  void createSessions<Profile>().create({ subject: 'ada', data: { handle: 'ada' } });
  void createSessions<{ theme?: 'dark' }>().create({ subject: 'ada' });
  void createSessions().create({ subject: 'ada' });
});

test('hostile input needs no cast', () => {
  const sessions = createSessions<Profile>();
  expectTypeOf(sessions.verify).parameter(0).toBeUnknown();
  expectTypeOf(sessions.refresh).parameter(0).toBeUnknown();
  expectTypeOf(sessions.end).parameter(0).toEqualTypeOf<PresentedTokens>();
  expectTypeOf(sessions.authenticate).parameter(0).toEqualTypeOf<string | null | undefined>();
});

test('a schema types the data by what it puts out', async () => {
  const sessions = createSessions({ data: schema });
  expectTypeOf(sessions).toEqualTypeOf<Sessions<Profile>>();
  expectTypeOf(schema).toExtend<StandardSchema<Profile>>();
  const { session } = await sessions.create({ subject: 'user-1', data: { handle: 'zoe' } });
  expectTypeOf(session.data.handle).toEqualTypeOf<string>();
  // @ts-expect-error a handle is text
  await sessions.create({ subject: 'user-1', data: { handle: 7 } });
  // @ts-expect-error a handle is text
  await sessions.update(sid, { handle: 7 });
  // @ts-expect-error the schema is for other data
  createSessions<{ email: string }>({ data: schema });
});

test('without either, the data is what the application registered', () => {
  expectTypeOf(createSessions()).toEqualTypeOf<Sessions<RegisteredData>>();
  expectTypeOf<Sessions>().toEqualTypeOf<Sessions<RegisteredData>>();
});

test('verify may return its result synchronously: it can be awaited, and has no method then', async () => {
  const sessions = createSessions<Profile>();
  const verifying = sessions.verify('x');
  expectTypeOf(await verifying).toEqualTypeOf<VerifyResult<Profile>>();
  // @ts-expect-error a synchronous result has no methods
  void verifying.then;
});

test('events are typed by their name', () => {
  const sessions = createSessions<Profile>();
  const stop = sessions.on('reuse', (event) => {
    expectTypeOf(event).toEqualTypeOf<{
      readonly sid: string;
      readonly subject: string;
      readonly alternative?: 'lost-writes';
    }>();
  });
  expectTypeOf(stop).toEqualTypeOf<() => void>();
  sessions.on('rejected', async ({ token, reason }) => {
    expectTypeOf(token).toEqualTypeOf<'access' | 'refresh'>();
    expectTypeOf(reason).toEqualTypeOf<RejectionReason>();
  });
  expectTypeOf<keyof SessionEvent>().toEqualTypeOf<
    | 'created'
    | 'refreshed'
    | 'revoked'
    | 'reuse'
    | 'unbound-use'
    | 'rejected'
    | 'unconfirmed'
    | 'store-error'
    | 'store-call'
  >();
  // @ts-expect-error there is no such event
  sessions.on('revoke', () => {});
  // @ts-expect-error a revocation of all names no session
  sessions.on('revoked', (event) => event.sid.length);
});

test('durations are numbers, or numbers with a unit', () => {
  expectTypeOf<'15m'>().toExtend<Duration>();
  expectTypeOf<900>().toExtend<Duration>();
  expectTypeOf<'15 minutes'>().not.toExtend<Duration>();
  expectTypeOf<'15'>().not.toExtend<Duration>();
  // @ts-expect-error a unit is s, m, h or d
  createSessions({ accessTtl: '15min' });
  // @ts-expect-error there is no such option
  createSessions({ accesTtl: '15m' });
  // @ts-expect-error there is no such choice
  createSessions({ onLimit: 'evict' });
});
