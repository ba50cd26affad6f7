// An API on Fastify that one would copy: sign-up, sign-in, a profile, devices, a password change.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';

// Stands for a table of a database: e-mail address -> salted hash of the password.
const users = new Map<string, { salt: Buffer; hash: Buffer }>();

async function hashPassword(password: string, salt: Buffer = randomBytes(16)) {
  return { salt, hash: (await promisify(scrypt)(password, salt, 32)) as Buffer };
}

async function isPasswordOf(email: string, password: string): Promise<boolean> {
  const user = users.get(email);
  // An unknown address takes as long as a wrong password.
  const { hash } = await hashPassword(password, user?.salt);
  return user !== undefined && timingSafeEqual(hash, user.hash);
}

const text = (minLength: number, maxLength = 512) => ({ type: 'string', minLength, maxLength });
const body = (properties: Record<string, unknown>) => ({
  schema: { body: { type: 'object', required: Object.keys(properties), properties } },
});
const credentials = body({ email: { ...text(3), format: 'email' }, password: text(8) });
type Credentials = { Body: { email: string; password: string } };

// In memory: one process. `store: redisStore(client)` of @sess/redis serves more than one.
const sessions = createSessions({ accessTtl: '15m', idleTtl: '7d', absoluteTtl: '90d' });
const app = Fastify({ logger: { level: 'warn' } });
app.register(sessionMiddleware(sessions, { routes: 'all' }));
app.setErrorHandler(sessionErrors());

app.post<Credentials>('/sign-up', credentials, async ({ body, sessions }, reply) => {
  if (users.has(body.email)) return reply.code(409).send();
  users.set(body.email, await hashPassword(body.password));
  return reply.code(201).send(await sessions.start({ subject: body.email }));
});

app.post<Credentials>('/login', credentials, async ({ body, sessions: own }, reply) => {
  const provenAt = sessions.clock.now(); // before the check: see /password
  if (!(await isPasswordOf(body.email, body.password))) return reply.code(401).send();
  // Sets the refresh cookie and returns { access_token, token_type, expires_in }.
  return own.start({ subject: body.email, provenAt });
});

app.get(
  '/me',
  requireSession(({ session }) => ({ email: session.subject, data: session.data })),
);

app.patch<{ Body: { theme: string } }>(
  '/me',
  { ...body({ theme: text(1) }), preHandler: requireSession() },
  // Merged into the data of the session; a parallel update is not lost.
  ({ body, sessions }) => sessions.update({ theme: body.theme }),
);

app.post<{ Body: { current: string; next: string } }>(
  '/password',
  body({ current: text(1), next: text(8) }),
  requireSession(async ({ body, session, sessions: own }, reply) => {
    if (!(await isPasswordOf(session.subject, body.current))) return reply.code(403).send();
    users.set(session.subject, await hashPassword(body.next));
    await sessions.revokeAll(session.subject, { except: session.sid });
    return own.elevate();
  }),
);

await app.listen({ port: Number(process.env['PORT'] ?? 3000) });
console.log('listening on', app.server.address());
process.once('SIGTERM', () => void app.close().then(() => sessions.close()));
