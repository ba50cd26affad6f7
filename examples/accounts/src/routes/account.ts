import { Router } from 'express';
import { field } from '../forms.js';
import { isAcceptable, MIN } from '../passwords.js';
import type { Services } from '../services.js';
import { accountOf, leave, requireAccount, show } from '../visitor.js';

/** The pages of a user who is signed in: devices, a new password, the end of the account. */
export function createAccountRoutes({ accounts, links, mails, limits }: Services): Router {
  const router = Router();
  const guard = requireAccount(accounts);

  router.get('/account', guard, async (req, res) => {
    const devices = await req.sessions.list();
    await show(req, res, 'account', { account: accountOf(res), devices, min: MIN });
  });

  router.post('/devices', guard, async (req, res) => {
    const isOthers = field(req, 'others') === 'on';
    // `revoke` ends sessions of this user only.
    await (isOthers ? req.sessions.endOthers() : req.sessions.revoke(field(req, 'sid')));
    res.redirect(303, '/account');
  });

  router.post('/password', guard, limits.ownPassword, async (req, res) => {
    const { id, email } = accountOf(res);
    const next = field(req, 'next');
    if (!isAcceptable(next)) {
      const message = `Choose a password of at least ${MIN} characters.`;
      return res.status(422).render('message', { message });
    }
    if ((await accounts.check(email, field(req, 'current'))) === undefined) {
      return res.status(422).render('message', { message: 'The password is wrong.' });
    }
    await accounts.setPassword(id, next);
    // Others are signed out, also those whose sign-in checked the earlier password and is not complete yet.
    await req.sessions.endOthers();
    // This one stays, with a fresh cookie: a copy of the earlier one is worth nothing.
    await req.sessions.elevate();
    await links.discard(email);
    await mails.passwordChanged(email);
    await leave(req, res, { to: '/account', message: 'The password was changed.' });
  });

  router.post('/delete', guard, limits.ownPassword, async (req, res) => {
    const { id, email } = accountOf(res);
    if ((await accounts.check(email, field(req, 'password'))) === undefined) {
      return res.status(422).render('message', { message: 'The password is wrong.' });
    }
    await accounts.remove(id);
    // The database has ended the sessions together with the account; this clears the cookie.
    await req.sessions.end();
    res.redirect(303, '/sign-up');
  });

  return router;
}
