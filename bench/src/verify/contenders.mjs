// The contenders by name, each created in a separate process: { verify(n) } of user n.
import { createHash, hash } from 'node:crypto';
import { createOurs, createOursInMemory, createOursNear, recordsOf } from '../peers/ours.mjs';
import { subjectNamed } from '../sample.mjs';

export const SHA = 'one SHA-256 of the token';
export const HGET = 'bare HGET';
export const HGET_NODE_REDIS = 'bare HGET, node-redis';

/** Name → what makes it of clients that are opened when they are asked for. A module of a peer is imported there. */
export const CONTENDERS = {
  [SHA]: withoutPromise,
  [HGET]: async ({ ioredis, ...given }) => {
    const client = await ioredis();
    const records = await oursRecords(client, given);
    return { verify: (n) => client.hget(records[n].key, records[n].field) };
  },
  [HGET_NODE_REDIS]: async ({ ioredis, nodeRedis, ...given }) => {
    const [client, other] = [await ioredis(), await nodeRedis()];
    const records = await oursRecords(client, given);
    return { verify: (n) => other.hGet(records[n].key, records[n].field) };
  },
  ours: async ({ ioredis, ...given }) => signedIn(createOurs(await ioredis()), given),
  'ours, memory': (given) => signedIn(createOursInMemory(), given),
  'ours, near cache': async ({ ioredis, ...given }) =>
    signedIn(createOursNear(await ioredis()), given),
  'hand-written': async ({ ioredis, ...given }) => {
    const { createHandWritten } = await import('../peers/hand-written.mjs');
    return signedIn(createHandWritten(await ioredis()), given);
  },
  'Lucia-style, session and user': async ({ ioredis, ...given }) => {
    const { createLucia } = await import('../peers/lucia.mjs');
    return signedIn(createLucia(await ioredis()), given);
  },
  'express-session + connect-redis': async ({ nodeRedis, ...given }) => {
    const { createExpressSession } = await import('../peers/express-session.mjs');
    return signedIn(createExpressSession(await nodeRedis()), given);
  },
  '@fastify/session': async ({ nodeRedis, ...given }) => {
    const { createFastifySession } = await import('../peers/fastify-session.mjs');
    return signedIn(await createFastifySession(await nodeRedis()), given);
  },
  'better-auth': async ({ ioredis, ...given }) => {
    const { createBetterAuth } = await import('../peers/better-auth.mjs');
    return signedIn(createBetterAuth(await ioredis()), given);
  },
  'better-auth, cookie cache': async ({ ioredis, ...given }) => {
    const { createBetterAuth } = await import('../peers/better-auth.mjs');
    return signedIn(createBetterAuth(await ioredis(), { cookieCache: true }), given);
  },
  'iron-session, unseal': async (given) => {
    const { createIronSession } = await import('../peers/iron-session.mjs');
    return signedIn(createIronSession(), given);
  },
  'hono-sessions, whole fetch': async ({ ioredis, ...given }) => {
    const { createHonoSessions } = await import('../peers/hono-sessions.mjs');
    return signedIn(createHonoSessions(await ioredis()), given);
  },
  'Hono without sessions, whole fetch': async (given) => {
    const { createBareHono } = await import('../peers/hono-sessions.mjs');
    return signedIn(createBareHono(), given);
  },
};

async function signIn(contender, { spread }) {
  const handles = [];
  for (let n = 0; n < spread; n += 1)
    handles.push(await contender.signIn(subjectNamed('verify', n)));
  return handles;
}

async function signedIn(contender, given) {
  const handles = await signIn(contender, given);
  return { verify: (n) => contender.verify(handles[n]) };
}

/** The records that ours reads, under a prefix of their own. */
async function oursRecords(client, given) {
  const name = 'bare';
  return recordsOf(`${name}:`, await signIn(createOurs(client, { name }), given));
}

async function withoutPromise(given) {
  const secrets = (await signIn(createOursInMemory(), given)).map(({ accessToken }) =>
    accessToken.slice(37),
  );
  // Node 20 before 20.12 has no one-shot hash.
  const digest =
    typeof hash === 'function'
      ? (text) => hash('sha256', text, 'base64url')
      : (text) => createHash('sha256').update(text).digest('base64url');
  return { isAtOnce: true, verify: (n) => digest(secrets[n]) };
}
