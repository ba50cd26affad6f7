// What Lucia v3 did, and its guide has people write since: the session by its id, then the user by the session's.
import { createHash, randomBytes } from 'node:crypto';
import { sampleSession } from '../sample.mjs';

const WEEK = 7 * 86_400;
const idOf = (token) => createHash('sha256').update(token).digest('hex');

export function createLucia(redis) {
  return {
    name: 'Lucia-style, session and user',
    async signIn(subject) {
      const token = randomBytes(20).toString('base64url');
      const { device, data } = sampleSession(subject);
      const session = { userId: subject, device, expiresAt: Date.now() + WEEK * 1000 };
      await redis.set(`lu:session:${idOf(token)}`, JSON.stringify(session), 'EX', WEEK);
      await redis.set(`lu:user:${subject}`, JSON.stringify({ id: subject, ...data }));
      return { token };
    },
    async verify({ token }) {
      const session = JSON.parse(await redis.get(`lu:session:${idOf(token)}`));
      if (session === null || session.expiresAt <= Date.now())
        throw new Error('Lucia-style: not verified');
      const user = JSON.parse(await redis.get(`lu:user:${session.userId}`));
      if (user === null) throw new Error('Lucia-style: no such user');
    },
    async close() {},
  };
}
