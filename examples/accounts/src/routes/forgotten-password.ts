import { Router } from 'express';
import { emailIn, field } from '../forms.js';
import { isAcceptable, MIN } from '../passwords.js';
import type { Services } from '../services.js';
import { leave, show } from '../visitor.js';

/** A new password by a link in a mail. */
export function createPasswordRoutes(services: Services): Router {
  const { accounts, sessions, links, mails, limits } = services;
  const router = Router();

  router.get('/forgot', (req, res) => show(req, res, 'forgot'));

  router.post('/forgot', limits.mails, async (req, res) => {
    const email = emailIn(req);
    if (email !== '') {
      const account = await accounts.findByEmail(email);
      if (account === undefined) await mails.noAccount(email);
      else await mails.reset(email, await links.issue('reset', email));
    }
    await leave(req, res, { to: '/forgot', message: 'We have sent you a mail.' });
  });

  router.get('/reset', (req, res) =>
    show(req, res, 'new-password', { token: req.query['token'], min: MIN }),
  );

  router.post('/reset', async (req, res) => {
    const [token, password] = [field(req, 'token'), field(req, 'password')];
    if (!isAcceptable(password)) {
      const message = `Choose a password of at least ${MIN} characters.`;
      return res.status(422).render('new-password', { message, token, min: MIN });
    }
    const email = await links.take('reset', token);
    const account = email === undefined ? undefined : await accounts.findByEmail(email);
    if (account === undefined) {
      const message = 'This link is too old, or was used before. Ask for another one.';
      return res.status(422).render('message', { message });
    }
    await accounts.setPassword(account.id, password);
    // A thief may have a session, or wait for another link.
    await sessions.revokeAll(account.id);
    await links.discard(account.email);
    await mails.passwordChanged(account.email);
    await req.sessions.start({ subject: account.id, remember: false });
    res.redirect(303, '/account');
  });

  return router;
}
