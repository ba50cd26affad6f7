// A model of what teams write by hand: a key a session, a key an access token, and an index a user.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sampleSession } from '../sample.mjs';

const WEEK = 7 * 86_400;
const QUARTER = 900;

const hashOf = (token) => createHash('sha256').update(token).digest('hex');
const sessionKey = (sid) => `hw:session:${sid}`;
const accessKey = (hash) => `hw:access:${hash}`;
const indexKey = (subject) => `hw:user:${subject}`;

export function createHandWritten(redis) {
  const write = async (session) => {
    await redis.set(sessionKey(session.sid), JSON.stringify(session), 'EX', WEEK);
    await redis.set(accessKey(session.accessHash), session.sid, 'EX', QUARTER);
  };

  const remove = async (sid) => {
    const text = await redis.get(sessionKey(sid));
    if (text === null) return;
    const { subject, accessHash } = JSON.parse(text);
    await redis.del(sessionKey(sid));
    await redis.del(accessKey(accessHash));
    await redis.srem(indexKey(subject), sid);
  };

  return {
    name: 'hand-written',
    async signIn(subject) {
      const [sid, token, refresh] = [randomUUID(), newToken(), newToken()];
      const now = Date.now();
      const session = {
        sid,
        ...sampleSession(subject),
        accessHash: hashOf(token),
        refreshHash: hashOf(refresh),
        createdAt: now,
        lastUsedAt: now,
        expiresAt: now + WEEK * 1000,
      };
      await write(session);
      await redis.sadd(indexKey(subject), sid);
      await redis.expire(indexKey(subject), WEEK);
      return { sid, token };
    },
    async verify({ token }) {
      const sid = await redis.get(accessKey(hashOf(token)));
      const text = sid === null ? null : await redis.get(sessionKey(sid));
      if (text === null || JSON.parse(text).sid !== sid)
        throw new Error('hand-written: not verified');
    },
    async refresh({ sid }) {
      const text = await redis.get(sessionKey(sid));
      if (text === null) throw new Error('hand-written: not refreshed');
      const session = JSON.parse(text);
      const token = newToken();
      await redis.del(accessKey(session.accessHash));
      await write({ ...session, accessHash: hashOf(token), lastUsedAt: Date.now() });
      return { sid, token };
    },
    revoke: ({ sid }) => remove(sid),
    async revokeAll(subject) {
      for (const sid of await redis.smembers(indexKey(subject))) await remove(sid);
    },
    async close() {},
  };
}

function newToken() {
  return randomBytes(32).toString('base64url');
}
