/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import { createSessions, type RegisteredData, type RequestSession, type Session } from '@sess/core';
import {
  type GuardedRequest,
  requireSession,
  sessionErrors,
  sessionMiddleware,
} from '@sess/express';
import express, { type Request, type RequestHandler } from 'express';
import { expectTypeOf, test } from 'vitest';

interface Profile {
  handle: string;
}

const app = express();

test('a request has a session or none, and what can be done to it', () => {
  expectTypeOf<Request['session']>().toEqualTypeOf<Session<RegisteredData> | null>();
  expectTypeOf<Request['sessions']>().toEqualTypeOf<RequestSession<RegisteredData>>();
  app.get('/', (req) => {
    // @ts-expect-error it may be null
    req.session.subject;
    // @ts-expect-error it is not to be put there
    req.session = null;
  });
});

test('a handler behind requireSession has a session that is never null', () => {
  app.get(
    '/',
    requireSession((req, res) => {
      expectTypeOf(req.session).toExtend<Session<RegisteredData>>();
      expectTypeOf(req.session.subject).toEqualTypeOf<string>();
      res.json(req.session);
    }),
  );
  app.get(
    '/',
    requireSession({ authenticatedWithin: '5m' }, async (req) => {
      expectTypeOf(req.session.subject).toEqualTypeOf<string>();
    }),
  );
});

test('its data is of the type that is named, or was registered', () => {
  requireSession<Profile>((req) => {
    expectTypeOf(req.session.data.handle).toEqualTypeOf<string>();
    // @ts-expect-error there is no such member
    req.session.data.hadnle;
    // @ts-expect-error data is changed by update
    req.session.data.handle = 'ada';
  });
  requireSession<Profile>({ where: ({ data }) => data.handle !== '' });
  // @ts-expect-error there is no such member
  requireSession<Profile>({ where: ({ data }) => data.hadnle !== '' });
  expectTypeOf<GuardedRequest['session']>().toExtend<Session<RegisteredData>>();
});

test('the middleware takes an engine of any data, and options', () => {
  expectTypeOf(sessionMiddleware()).toEqualTypeOf<RequestHandler>();
  app.use(sessionMiddleware(createSessions()));
  app.use(sessionMiddleware(createSessions<Profile>(), { routes: 'all' }));
  app.use(sessionErrors());
  // @ts-expect-error there is no such choice
  sessionMiddleware(createSessions(), { routes: 'some' });
  // @ts-expect-error there is no such option
  sessionMiddleware(undefined, { base: '/session' });
  // @ts-expect-error options come second
  sessionMiddleware({ routes: 'all' });
  // @ts-expect-error there is no such option
  requireSession({ authenticatedWitin: '5m' });
  // @ts-expect-error a condition is answered at once
  requireSession({ where: async () => true });
});
