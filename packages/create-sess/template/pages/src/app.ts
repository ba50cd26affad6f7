import { type Sessions, safeReturn } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express, { type Express } from 'express';
import { checkPassword } from './users.js';

const page = (body: string): string =>
  `<!doctype html><html lang="en"><title>Application</title><body>${body}</body></html>`;

const signInPage = (problem = ''): string =>
  page(`<h1>Sign in</h1><p role="alert">${problem}</p>
<form method="post">
  <label>Address <input name="email" type="email" required></label>
  <label>Password <input name="password" type="password" required></label>
  <label><input name="remember" type="checkbox"> Remember me</label>
  <button>Sign in</button>
</form>`);

export function createApp(sessions: Sessions): Express {
  const app = express();
  app.use(sessionMiddleware(sessions, { transport: 'cookie' }), express.urlencoded());

  app.get('/', (_req, res) => {
    res.send(page('<h1>Welcome</h1><a href="/account">Your account</a>'));
  });

  app.get('/sign-in', (_req, res) => {
    res.send(signInPage());
  });

  app.post('/sign-in', async (req, res) => {
    const { email, password, remember } = req.body;
    const subject = await checkPassword(email, password);
    if (subject === undefined) {
      res.status(401).send(signInPage('The address or the password is wrong.'));
      return;
    }
    await req.sessions.start({ subject, remember: remember === 'on' });
    res.redirect(303, safeReturn(req.query['return_to']) ?? '/account');
  });

  app.get('/account', requireSession({ redirectTo: '/sign-in' }), (req, res) => {
    res.send(
      page(`<h1>${req.session?.subject}</h1>
<form method="post" action="/session/logout"><button>Sign out</button></form>`),
    );
  });

  app.use(sessionErrors());
  return app;
}
