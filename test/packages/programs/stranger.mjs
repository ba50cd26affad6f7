// What the project of a stranger runs after its installation: it signs in and opens a guarded route.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';

const app = express();
app.use(sessionMiddleware(createSessions(), { routes: 'all' }));
app.post('/login', async (req, res) => res.json(await req.sessions.start({ subject: 'ada' })));
app.get('/me', requireSession(), (req, res) => res.json({ user: req.session.subject }));
app.use(sessionErrors());

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const base = `http://127.0.0.1:${server.address().port}`;
assert.equal((await fetch(`${base}/me`)).status, 401);
const { access_token: token } = await (await fetch(`${base}/login`, { method: 'POST' })).json();
const me = await fetch(`${base}/me`, { headers: { authorization: `Bearer ${token}` } });
assert.deepEqual(await me.json(), { user: 'ada' });
server.close();
server.closeAllConnections();
