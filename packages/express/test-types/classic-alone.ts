/* The entry point alone declares `req.session`. */
import { createSessions } from '@sess/core';
import { session, sessionErrors } from '@sess/express/classic';
import express from 'express';

const app = express();
app.use(session(createSessions(), { subject: (data) => data.passport?.user }));
app.get('/', (req, res) => {
  const { id, cookie } = req.session;
  res.json([id, cookie.maxAge, req.sessionID, req.sessions.session?.subject]);
});
app.use(sessionErrors());
