// @sess/jwt: tokens valid until they expire, tokens checked against a denylist, and stateless sessions.
import { createSessions } from '@sess/core';
import { createStatelessSessions, jwt, memoryDenylist } from '@sess/jwt';
import { sampleSession } from '../sample.mjs';

const SERVICE = { issuer: 'https://api.example.com', audience: 'https://api.example.com' };

/** Signed access tokens beside a store. */
export function createOursJwt(keys, { revocation = 'none' } = {}) {
  const accessToken = jwt({ keys: keys.own, ...SERVICE, revocation });
  return contender(createSessions({ accessToken }), 'ours, jwt');
}

export function createOursStateless(keys) {
  const denylist = memoryDenylist();
  return contender(createStatelessSessions({ keys: keys.own, ...SERVICE, denylist }), 'stateless');
}

function contender(sessions, name) {
  return {
    sessions,
    async signIn(subject) {
      // A signed token is readable by its holder and contains no device.
      const { data } = sampleSession(subject);
      const { accessToken } = await sessions.create({ subject, data });
      return accessToken;
    },
    async verify(token) {
      if (!(await sessions.verify(token)).ok) throw new Error(`${name}: not verified`);
    },
    close: () => sessions.close(),
  };
}
