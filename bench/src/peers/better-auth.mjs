// better-auth's getSession, with its sessions in Redis as secondary storage; and with its cookie cache on top.
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';

export function createBetterAuth(redis, { cookieCache = false } = {}) {
  const auth = openBetterAuth(redis, cookieCache);
  const name = cookieCache ? 'better-auth, cookie cache' : 'better-auth';
  return {
    name,
    auth,
    async signIn(subject) {
      const { headers } = await auth.api.signUpEmail({
        body: { email: `${subject}@example.com`, password: 'correct horse', name: subject },
        returnHeaders: true,
      });
      const pairs = headers.getSetCookie().map((line) => line.split(';')[0]);
      const cookie = pairs.join('; ');
      return { cookie, headers: new Headers({ cookie }) };
    },
    async verify({ headers }) {
      const found = await auth.api.getSession({ headers });
      if (found === null) throw new Error(`${name}: not verified`);
    },
    async close() {},
  };
}

function openBetterAuth(redis, cookieCache) {
  const prefix = cookieCache ? 'bac:' : 'ba:';
  return betterAuth({
    baseURL: 'http://localhost',
    secret: 'a secret of the bench that is long enough',
    telemetry: { enabled: false },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secondaryStorage: {
      get: (key) => redis.get(prefix + key),
      async set(key, value, ttl) {
        await (ttl ? redis.set(prefix + key, value, 'EX', ttl) : redis.set(prefix + key, value));
      },
      async delete(key) {
        await redis.del(prefix + key);
      },
    },
    emailAndPassword: {
      enabled: true,
      // Signing in is not what is measured, and a real password hash takes its time on purpose.
      password: { hash: async () => 'unhashed', verify: async () => true },
    },
    session: { cookieCache: { enabled: cookieCache, maxAge: 3_600 } },
  });
}
