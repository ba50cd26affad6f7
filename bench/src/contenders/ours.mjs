// @sess/core on @sess/redis, as an application uses it.
import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { sampleSession } from '../sample.mjs';

/** More than the bench ever gives one subject. */
const MANY = 20_000;

export function createOurs(client, { name = 'ours', options = {} } = {}) {
  const sessions = createSessions({
    store: redisStore(client, {
      timeout: '30s',
      keyPrefix: `${name.replaceAll(/\W/g, '')}:`,
      ...options,
    }),
    maxPerSubject: MANY,
  });
  return {
    name,
    signIn: (subject) => sessions.create(sampleSession(subject)),
    async verify({ accessToken }) {
      if (!(await sessions.verify(accessToken)).ok) throw new Error(`${name}: not verified`);
    },
    async refresh({ refreshToken }) {
      const issued = await sessions.refresh(refreshToken);
      if (!issued.ok) throw new Error(`${name}: not refreshed`);
      return issued;
    },
    revoke: ({ session }) => sessions.revoke(session.sid),
    revokeAll: (subject) => sessions.revokeAll(subject),
    close: () => sessions.close(),
  };
}
