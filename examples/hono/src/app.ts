// An API on Hono that one would copy: sign-up, sign-in, a profile, devices, a password change.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { serve } from '@hono/node-server';
import { createSessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { type Context, Hono } from 'hono';

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

/** Returns the text at `name` of a JSON body, or ''. */
async function readText(c: Context, name: string): Promise<string> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const value = (Object(body) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}

const readEmail = async (c: Context) => (await readText(c, 'email')).trim().toLowerCase();

// In memory: one process. `store: redisStore(client)` of @sess/redis serves more than one.
const sessions = createSessions({ accessTtl: '15m', idleTtl: '7d', absoluteTtl: '90d' });
const app = new Hono<SessionEnv>();
app.use(sessionMiddleware(sessions, { routes: 'all' }));
app.onError(sessionErrors());

app.post('/sign-up', async (c) => {
  const [email, password] = [await readEmail(c), await readText(c, 'password')];
  if (!email.includes('@') || password.length < 8) return c.body(null, 400);
  if (users.has(email)) return c.body(null, 409);
  users.set(email, await hashPassword(password));
  return c.json(await c.var.sessions.start({ subject: email }), 201);
});

app.post('/login', async (c) => {
  const email = await readEmail(c);
  const provenAt = sessions.clock.now(); // before the check: see /password
  if (!(await isPasswordOf(email, await readText(c, 'password')))) return c.body(null, 401);
  // Sets the refresh cookie and returns { access_token, token_type, expires_in }.
  return c.json(await c.var.sessions.start({ subject: email, provenAt }));
});

app.get('/me', requireSession(), (c) => {
  return c.json({ email: c.var.session.subject, data: c.var.session.data });
});

app.patch('/me', requireSession(), async (c) => {
  // Merged into the data of the session; a parallel update is not lost.
  return c.json(await c.var.sessions.update({ theme: await readText(c, 'theme') }));
});

app.post('/password', requireSession(), async (c) => {
  const { subject, sid } = c.var.session;
  const next = await readText(c, 'next');
  if (!(await isPasswordOf(subject, await readText(c, 'current')))) return c.body(null, 403);
  if (next.length < 8) return c.body(null, 400);
  users.set(subject, await hashPassword(next));
  await sessions.revokeAll(subject, { except: sid });
  return c.json(await c.var.sessions.elevate());
});

const port = Number(process.env['PORT'] ?? 3000);
const server = serve({ fetch: app.fetch, port }, (at) => console.log('listening on', at));
process.once('SIGTERM', () => server.close(() => sessions.close()));
