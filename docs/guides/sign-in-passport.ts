import { Router } from 'express';
import type { PassportStatic } from 'passport';

/**
 * Passport without its session, `session: false`: it checks who the user is, and `start` makes the session. Neither
 * `passport.session()` nor `serializeUser` is needed.
 *
 * @param passport with the strategy `local`, whose users have an `id`
 */
export function createPassportRoutes(passport: Pick<PassportStatic, 'authenticate'>): Router {
  const router = Router();
  const check = passport.authenticate('local', { session: false, failureRedirect: '/sign-in' });

  router.post('/sign-in/passport', check, async (req, res) => {
    const { id } = req.user as { readonly id: string };
    await req.sessions.start({ subject: id });
    res.redirect(303, '/');
  });

  return router;
}
