import { createHash, randomBytes } from 'node:crypto';
import { type RequestHandler, Router } from 'express';

export interface LinkOptions {
  /** Scheme, host and port of this application: links do not follow the Host header. */
  readonly origin: string;
  /** Limits how many mails an address and a client get. */
  readonly limit: RequestHandler;
  send(mail: { readonly to: string; readonly link: string }): Promise<void>;
  /** Returns the id of the user with this address, and creates the user at the first sign-in. */
  userOf(email: string): Promise<string>;
}

/** The store has a hash: a copy of it opens nothing. */
const nameOf = (token: string) => `link:${createHash('sha256').update(token).digest('base64url')}`;

/** Sign-in by a link in a mail. It works once, for 15 minutes, in the browser that asked for it. */
export function createLinkRoutes({ origin, limit, send, userOf }: LinkOptions): Router {
  const router = Router();

  router.post('/sign-in/link', limit, async (req, res) => {
    const to = String(req.body.email).trim().toLowerCase();
    const token = randomBytes(32).toString('base64url');
    await req.sessions.put(nameOf(token), to, '15m');
    await send({ to, link: `${origin}/sign-in/link?token=${token}` });
    res.redirect(303, '/sign-in/mail-sent');
  });

  // Programs that look into mails follow the link without the cookie, and take nothing.
  router.get('/sign-in/link', async (req, res) => {
    const email = await req.sessions.take(nameOf(String(req.query['token'])));
    if (typeof email !== 'string') return res.redirect(303, '/sign-in');
    await req.sessions.start({ subject: await userOf(email) });
    res.redirect(303, '/');
  });

  return router;
}
