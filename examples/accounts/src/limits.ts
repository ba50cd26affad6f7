import { type RequestHandler, Router } from 'express';
import { type Options, rateLimit } from 'express-rate-limit';
import { emailIn } from './forms.js';

/** Limits by account and by client. They count in this process: with several, give `rateLimit` a shared `store`. */
export interface Limits {
  /** Wrong passwords at the sign-in. */
  readonly signIn: RequestHandler;
  /** Wrong passwords of a user who is signed in. */
  readonly ownPassword: RequestHandler;
  /** Requests that send a mail. */
  readonly mails: RequestHandler;
}

export function createLimits(): Limits {
  const limit = (options: Partial<Options>): RequestHandler =>
    rateLimit({
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      handler: (_req, res) => {
        res.status(429).render('message', { message: 'Too many attempts. Try again later.' });
      },
      ...options,
    });
  // A right password is not counted.
  const wrong = { windowMs: 15 * 60_000, skipSuccessfulRequests: true };
  const hour = { windowMs: 60 * 60_000 };
  const byEmail: Partial<Options> = { keyGenerator: emailIn };
  // A form cannot choose whose attempts are counted.
  const bySubject: Partial<Options> = { keyGenerator: (req) => req.session?.subject ?? '' };
  return {
    signIn: Router().use(
      limit({ ...wrong, limit: 100 }),
      limit({ ...wrong, ...byEmail, limit: 10 }),
    ),
    ownPassword: limit({ ...wrong, ...bySubject, limit: 10 }),
    mails: Router().use(limit({ ...hour, limit: 50 }), limit({ ...hour, ...byEmail, limit: 5 })),
  };
}
