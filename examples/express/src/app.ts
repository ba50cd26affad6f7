// An API on Express that one would copy: sign-up, sign-in, a profile, devices, a password change.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';

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

function readCredentials(body: unknown): { email: string; password: string } {
  const { email, password } = Object(body) as Record<string, unknown>;
  return { email: `${email ?? ''}`.trim().toLowerCase(), password: `${password ?? ''}` };
}

// In memory: one process. `store: redisStore(client)` of @sess/redis serves more than one.
const sessions = createSessions({ accessTtl: '15m', idleTtl: '7d', absoluteTtl: '90d' });
const app = express();
app.use(express.json());
app.use(sessionMiddleware(sessions, { routes: 'all' }));

app.post('/sign-up', async (req, res) => {
  const { email, password } = readCredentials(req.body);
  if (!email.includes('@') || password.length < 8) return void res.sendStatus(400);
  if (users.has(email)) return void res.sendStatus(409);
  users.set(email, await hashPassword(password));
  res.status(201).json(await req.sessions.start({ subject: email }));
});

app.post('/login', async (req, res) => {
  const { email, password } = readCredentials(req.body);
  const provenAt = sessions.clock.now(); // before the check: see /password
  if (!(await isPasswordOf(email, password))) return void res.sendStatus(401);
  // Sets the refresh cookie and returns { access_token, token_type, expires_in }.
  res.json(await req.sessions.start({ subject: email, provenAt }));
});

app.get(
  '/me',
  requireSession(({ session }, res) => res.json({ email: session.subject, data: session.data })),
);

app.patch(
  '/me',
  requireSession(async (req, res) => {
    // Merged into the data of the session; a parallel update is not lost.
    res.json(await req.sessions.update({ theme: `${req.body?.theme}` }));
  }),
);

app.post(
  '/password',
  requireSession(async (req, res) => {
    const { subject, sid } = req.session;
    const { current = '', next = '' } = req.body ?? {};
    if (`${next}`.length < 8) return void res.sendStatus(400);
    if (!(await isPasswordOf(subject, `${current}`))) return void res.sendStatus(403);
    users.set(subject, await hashPassword(`${next}`));
    await sessions.revokeAll(subject, { except: sid });
    res.json(await req.sessions.elevate());
  }),
);

app.use(sessionErrors());

const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening on', server.address());
});
process.once('SIGTERM', () => server.close(() => sessions.close()));
