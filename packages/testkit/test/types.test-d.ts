/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import { createSessions, memoryStore, type Session } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, createFaultyStore, type SignedIn, signIn } from '@sess/testkit';
import { expectTypeOf, test } from 'vitest';
import type { FakeClock } from '../../../test/kit.js';

interface Profile {
  handle: string;
}

test('signing in keeps the type of the data', async () => {
  const sessions = createSessions<Profile>();
  const ada = await signIn(sessions, { subject: 'ada', data: { handle: 'ada' } });
  expectTypeOf(ada).toEqualTypeOf<SignedIn<Profile>>();
  expectTypeOf(ada.session).toEqualTypeOf<Session<Profile>>();
  expectTypeOf(ada.headers).toExtend<ConstructorParameters<typeof Headers>[0]>();
  // @ts-expect-error the handle is missing
  await signIn(sessions, { subject: 'ada', data: {} });
});

interface Member {
  role: 'admin' | 'member';
  plan?: 'free' | 'paid';
}

test('literals in the data are checked against the type of the engine', async () => {
  const sessions = createSessions<Member>();
  const ada = await signIn(sessions, { subject: 'ada', data: { role: 'admin', plan: 'paid' } });
  expectTypeOf(ada.session.data.role).toEqualTypeOf<'admin' | 'member'>();
  // @ts-expect-error there is no such role
  await signIn(sessions, { subject: 'ada', data: { role: 'owner' } });
});

test('time is moved by spans with a unit', () => {
  const clock = createFakeClock();
  expectTypeOf(clock).toEqualTypeOf<FakeClock>();
  clock.advance('1ms');
  // @ts-expect-error a unit is ms, s, m, h or d
  clock.advance('1 minute');
});

test('a faulty store is a store, and fails by the names of its operations', () => {
  const faulty = createFaultyStore(memoryStore());
  expectTypeOf(faulty.store).toExtend<SessionStore>();
  faulty.fail('load', 'insert');
  // @ts-expect-error there is no such operation
  faulty.fail('laod');
});
