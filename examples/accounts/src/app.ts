import { fileURLToPath } from 'node:url';
import type { Sessions } from '@sess/core';
import { sessionMiddleware } from '@sess/express';
import ejs from 'ejs';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { createAccounts } from './accounts.js';
import type { Database } from './database.js';
import { createLimits } from './limits.js';
import { createMailLinks } from './mail-links.js';
import { createMails, type Mailer } from './mails.js';
import { createAccountRoutes } from './routes/account.js';
import { createAdminRoutes } from './routes/admin.js';
import { createPasswordRoutes } from './routes/forgotten-password.js';
import { createSignInRoutes } from './routes/sign-in.js';
import { createSignUpRoutes } from './routes/sign-up.js';

export interface AppOptions {
  readonly db: Database;
  readonly sessions: Sessions;
  readonly mailer: Mailer;
  /** Scheme, host and port of the application, for links in mails. */
  readonly origin: string;
  /** The address whose account becomes that of an administrator. */
  readonly admin: string;
}

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Creates the application. */
export function createApp({ db, sessions, mailer, origin, admin }: AppOptions): Express {
  const services = {
    accounts: createAccounts(db, admin),
    links: createMailLinks(db),
    mails: createMails(mailer, origin),
    limits: createLimits(),
    sessions,
  };
  const app = express();
  app.set('views', fileURLToPath(new URL('../views', import.meta.url)));
  app.engine('ejs', ejs.renderFile).set('view engine', 'ejs');
  app.disable('x-powered-by');
  app.use((_req, res, next) => {
    res.set(HEADERS);
    next();
  });
  app.use(sessionMiddleware(sessions, { transport: 'cookie', afterLogout: '/sign-in' }));
  app.use(express.urlencoded({ limit: '10kb' }));
  app.get('/', (_req, res) => res.redirect(303, '/account'));
  app.use(createSignUpRoutes(services), createSignInRoutes(services));
  app.use(createPasswordRoutes(services), createAccountRoutes(services));
  app.use('/admin', createAdminRoutes(services));
  app.use((_req, res) => {
    res.status(404).render('message', { message: 'There is no such page.' });
  });
  app.use(showError);
  return app;
}

interface HttpError {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Errors of the library have a status and a message without secrets; the text of other errors stays on the server. */
const showError: ErrorRequestHandler = (error: HttpError, _req, res, next) => {
  if (res.headersSent) return next(error);
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  const message = status === 401 ? 'Sign in again.' : 'This did not work. Go back, and try again.';
  // `Retry-After`, while the database fails.
  res
    .set(error.headers ?? {})
    .status(status)
    .render('message', { message });
};
