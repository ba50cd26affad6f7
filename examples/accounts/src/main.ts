/*
 * `npm start accounts` runs the application on http://localhost:3000. With DATABASE_URL=postgres://… it keeps its tables in
 * PostgreSQL, otherwise in the memory of this process. Mails are printed. ADMIN is the address of the administrator.
 */
import { createSessions } from '@sess/core';
import { createApp } from './app.js';
import { openDatabase } from './database.js';

const env = process.env;
const port = Number(env['PORT'] ?? 3000);
const { db, store, close } = await openDatabase(env['DATABASE_URL']);
const sessions = createSessions({ store, idleTtl: '7d', absoluteTtl: '90d' });
const app = createApp({
  db,
  sessions,
  // Links in mails do not follow the Host header, which every client can set.
  origin: env['ORIGIN'] ?? `http://localhost:${port}`,
  admin: env['ADMIN'] ?? 'admin@example.com',
  // In production: `send: (mail) => transport.sendMail({ from, ...mail })` of nodemailer.
  mailer: {
    async send({ to, subject, text }) {
      console.log(`\nMail to ${to}: ${subject}\n\n${text}\n`);
    },
  },
});
// Behind a proxy: the addresses that it may have, or the rate limits count all clients as one.
if (env['TRUST_PROXY'] !== undefined) app.set('trust proxy', env['TRUST_PROXY']);

const server = app.listen(port, () => console.log('listening on', server.address()));
process.once('SIGTERM', () => {
  server.close(() => void sessions.close().then(close));
});
