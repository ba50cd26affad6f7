import { Router } from 'express';
import { emailIn, field } from '../forms.js';
import { isAcceptable, MIN } from '../passwords.js';
import type { Services } from '../services.js';
import { leave, show } from '../visitor.js';

/**
 * Sign-up in two steps: the address, then a password at the link in the mail. An account belongs to the owner of its address
 * from the first moment, and no password is one that another person has chosen for it.
 */
export function createSignUpRoutes({ accounts, links, mails, limits }: Services): Router {
  const router = Router();

  router.get('/sign-up', (req, res) => show(req, res, 'sign-up'));

  router.post('/sign-up', limits.mails, async (req, res) => {
    const email = emailIn(req);
    if (email === '') {
      return res.status(422).render('sign-up', { message: 'This is not an e-mail address.' });
    }
    const isTaken = (await accounts.findByEmail(email)) !== undefined;
    if (isTaken) await mails.accountExists(email);
    else await mails.confirm(email, await links.issue('confirm', email));
    await leave(req, res, { to: '/sign-up', message: 'We have sent you a mail.' });
  });

  // A link in a mail is a GET, which programs that look for viruses follow too: it changes nothing.
  router.get('/confirm', (req, res) =>
    show(req, res, 'new-password', { token: req.query['token'], min: MIN }),
  );

  router.post('/confirm', async (req, res) => {
    const [token, password] = [field(req, 'token'), field(req, 'password')];
    if (!isAcceptable(password)) {
      const message = `Choose a password of at least ${MIN} characters.`;
      return res.status(422).render('new-password', { message, token, min: MIN });
    }
    const email = await links.take('confirm', token);
    const account = email === undefined ? undefined : await accounts.create(email, password);
    if (account === undefined) {
      const message = 'This link is too old, or was used before. Sign up again.';
      return res.status(422).render('message', { message });
    }
    await req.sessions.start({ subject: account.id, remember: false });
    res.redirect(303, '/account');
  });

  return router;
}
