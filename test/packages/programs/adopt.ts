import { adopt, cookieSession, expressSession, refreshTable } from '@sess/adopt';
import { ironSession } from '@sess/adopt/iron-session';
import { nextAuth } from '@sess/adopt/next-auth';
import { createSessions } from '@sess/core';
import { expect } from './expect.js';

const sessions = createSessions();
const secret = 'key material of thirty-two bytes or more';
const password = secret;
const store = { get: () => {}, destroy: () => {} };
const sources = [
  expressSession<{ userId: string }>({ store, secret }),
  cookieSession<{ userId: string }>({ keys: [secret] }),
  refreshTable<{ userId: string }>({ find: async () => undefined }),
  ironSession<{ userId: string }>({ password, cookieName: 'session' }),
  nextAuth<{ userId: string }>({ secret }),
];
for (const from of sources) {
  const adoption = adopt<{ userId: string }>(sessions, {
    from,
    secret,
    subject: ({ userId }) => userId,
  });
  expect(typeof adoption.open === 'function', `${from.name} is a source`);
}
