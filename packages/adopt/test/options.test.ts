import { type AdoptSource, adopt, cookieSession, expressSession, refreshTable } from '@sess/adopt';
import { ironSession } from '@sess/adopt/iron-session';
import { nextAuth } from '@sess/adopt/next-auth';
import { createSessions } from '@sess/core';
import { createSessionHttp } from '@sess/core/http';
import { createStatelessSessions } from '@sess/jwt';
import { silentLogger } from '@sess/testkit';
import { expect, it } from 'vitest';

const secret = 'key material of thirty-two bytes or more';
const from: AdoptSource<unknown> = {
  name: 'test',
  read: () => undefined,
  load: async () => undefined,
};
const options = { from, secret, subject: () => undefined };
const sessions = createSessions({ logger: silentLogger });
/** As programs without types call it. */
const call = (change: object) => () => adopt(sessions, { ...options, ...change } as typeof options);

it.each([
  ['a short secret', call({ secret: 'short' }), 'adopt: secret: expected at least 32 bytes'],
  ['no secret', call({ secret: undefined }), 'adopt: secret: expected'],
  ['no source', call({ from: undefined }), 'adopt: from: expected a source'],
  ['a source without load', call({ from: { read() {} } }), "method 'load'"],
  ['no subject', call({ subject: undefined }), 'adopt: subject: expected a function'],
  ['a misspelt option', call({ endold: 'never' }), "there is no option 'endold'"],
  ['an unknown endOld', call({ endOld: 'now' }), 'adopt: endOld: expected'],
  ['no store', () => expressSession({ secret } as never), 'expressSession: store: expected'],
  [
    'no secret of express-session',
    () => expressSession({ store: { get() {}, destroy() {} } } as never),
    'expressSession: secret: expected',
  ],
  ['no key of cookie-session', () => cookieSession({ keys: [] }), 'cookieSession: keys: expected'],
  [
    'a hole among the keys of cookie-session',
    () => cookieSession({ keys: new Array<string>(1) }),
    'cookieSession: keys: expected',
  ],
  ['no find', () => refreshTable({} as never), 'refreshTable: find: expected a function'],
  [
    'a short password',
    () => ironSession({ password: 'x', cookieName: 'a' }),
    'ironSession: password',
  ],
  ['no secret of next-auth', () => nextAuth({} as never), 'nextAuth: secret: expected'],
])('adopt and its sources refuse %s, and show no secret', (_name, act, message) => {
  expect(act).toThrow(message);
  expect(act).not.toThrow(/short\b.*bytes or more|got 'short'/);
});

it('adopt refuses what is no engine, and an engine without a store', () => {
  expect(() => adopt({} as never, options)).toThrow('expected an engine as the first argument');
  const stateless = createStatelessSessions({
    keys: 'a secret of at least thirty-two bytes',
    issuer: 'a',
    audience: 'b',
  });
  expect(() => adopt(stateless as never, options)).toThrow('a stateless engine keeps no sessions');
});

it('a middleware refuses the adoption of another engine', () => {
  const other = createSessions({ logger: silentLogger });
  const http = createSessionHttp(() => other as never, { adopt: adopt(sessions, options) });
  expect(() => http.createRequest({} as never)).toThrow(
    'adopt: expected the adoption of this engine',
  );
});
