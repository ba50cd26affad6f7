// @sess/core, in memory or on @sess/redis, as an application uses it.
import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { sampleSession } from '../sample.mjs';

/** More than the bench ever gives one subject. */
const MANY = 20_000;

export function createOurs(client, { name = 'ours', options = {} } = {}) {
  return createFrom(name, {
    store: redisStore(client, {
      timeout: '30s',
      keyPrefix: `${name.replaceAll(/\W/g, '')}:`,
      ...options,
    }),
  });
}

export function createOursNear(client) {
  const options = { nearCache: { maxEntries: 10_000 } };
  return createOurs(client, { name: 'ours, near cache', options });
}

export function createOursInMemory() {
  return createFrom('ours, memory', {});
}

function createFrom(name, options) {
  const sessions = createSessions({ maxPerSubject: MANY, ...options });
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

/** Where ours keeps a session in Redis; what a bare HGET asks for. */
export function recordsOf(prefix, handles) {
  return handles.map(({ session: { sid } }) => ({
    key: `${prefix}${sid.slice(0, 16)}`,
    field: sid.slice(16),
  }));
}
