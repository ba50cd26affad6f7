import { createSessions, readDuration } from '@sess/core';
import { sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';
import { listener as nuxt } from './.output/server/index.mjs';

const renewAfter = readDuration('RENEW_AFTER', process.env.RENEW_AFTER) ?? '15m';
const app = express();
app.use(express.static('.output/public'));
app.use(sessionMiddleware(createSessions({ renewAfter }), { transport: 'cookie' }));
app.post('/sign-in', async (req, res) => {
  // Check a password here.
  await req.sessions.start({ subject: 'ada' });
  res.redirect(303, '/account');
});
app.use(nuxt);
app.use(sessionErrors());
app.listen(Number(process.env.PORT ?? 3000), 'localhost');
