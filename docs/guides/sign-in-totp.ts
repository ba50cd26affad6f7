import { safeReturn } from '@sess/core';
import { requireSession } from '@sess/express';
import { type RequestHandler, Router } from 'express';
import { TOTP } from 'otpauth';

export interface TotpOptions {
  /** Limits wrong codes of one user: there are only a million. */
  readonly limit: RequestHandler;
  /** Returns the secret of a user in Base32, as the authenticator app has it. */
  secretOf(subject: string): Promise<string | undefined>;
  /**
   * Returns `true` if no code of this step or a later one was accepted before, in one statement:
   * `UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2`.
   */
  acceptStep(subject: string, step: number): Promise<boolean>;
}

/** Guards what needs both factors. Programs get the challenge of RFC 9470; a browser goes to the page for the code. */
export const requireSecondFactor: RequestHandler = requireSession({
  acr: 'two-factor',
  redirectTo: '/second-factor',
});

/** The page for a code (RFC 6238), for users who have signed in by a password: `start({ subject, amr: ['pwd'] })`. */
export function createTotpRoutes({ limit, secretOf, acceptStep }: TotpOptions): Router {
  const router = Router();
  const signedIn = requireSession({ redirectTo: '/sign-in' });

  router.get('/second-factor', signedIn, (_req, res) => {
    res.send(`<form method="post"><label>Code
      <input name="code" inputmode="numeric" autocomplete="one-time-code" required></label>
      <button>Continue</button></form>`);
  });

  router.post('/second-factor', signedIn, limit, async (req, res) => {
    const subject = req.session?.subject ?? '';
    const secret = await secretOf(subject);
    const totp = secret === undefined ? undefined : new TOTP({ secret });
    const token = String(req.body.code).replaceAll(' ', '');
    // One step early or late, for clocks that differ.
    const delta = totp?.validate({ token, window: 1 }) ?? null;
    if (totp === undefined || delta === null) return void res.sendStatus(422);
    // A code counts once: another person may have seen it.
    if (!(await acceptStep(subject, totp.counter() + delta))) return void res.sendStatus(422);
    await req.sessions.elevate({ acr: 'two-factor', amr: ['pwd', 'otp'] });
    res.redirect(303, safeReturn(req.query['return_to']) ?? '/');
  });

  return router;
}
