import { safeReturn } from '@sess/core';
import { Router } from 'express';
import { emailIn, field } from '../forms.js';
import type { Services } from '../services.js';
import { show } from '../visitor.js';

/** Sign-in by a password. The library serves `POST /session/logout`. */
export function createSignInRoutes({ accounts, sessions, limits }: Services): Router {
  const router = Router();

  router.get('/sign-in', (req, res) => show(req, res, 'sign-in'));

  router.post('/sign-in', limits.signIn, async (req, res) => {
    // Read before the check: a password that is changed in between refuses this sign-in.
    const provenAt = sessions.clock.now();
    const account = await accounts.check(emailIn(req), field(req, 'password'));
    if (account === undefined) {
      const message = 'The address or the password is wrong.';
      return res.status(422).render('sign-in', { message });
    }
    const remember = field(req, 'remember') === 'on';
    await req.sessions.start({ subject: account.id, provenAt, remember });
    res.redirect(303, safeReturn(req.query['return_to']) ?? '/account');
  });

  return router;
}
