import { requireSession } from '@sess/express';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Account, Accounts, Role } from './accounts.js';

/** Guards a route, and loads the account as it is now: a change of its role counts at the next request. */
export function requireAccount(accounts: Accounts): RequestHandler {
  return Router().use(requireSession({ redirectTo: '/sign-in' }), async (req, res, next) => {
    const account = await accounts.find(req.session?.subject ?? '');
    if (account === undefined) return res.redirect(303, '/sign-in');
    res.locals['account'] = account;
    next();
  });
}

/** Goes behind `requireAccount`. */
export function requireRole(role: Role): RequestHandler {
  return (_req, res, next) => {
    if (accountOf(res).role === role) return next();
    res.status(403).render('message', { message: 'Your account may not do this.' });
  };
}

/** Returns the account that `requireAccount` has loaded. */
export function accountOf(res: Response): Account {
  return res.locals['account'] as Account;
}

/** Shows a page, with the message that the request before it has left. */
export async function show(req: Request, res: Response, view: string, data = {}): Promise<void> {
  res.render(view, { message: await req.sessions.take('message'), ...data });
}

/** Leads to another page, which shows the message. */
export async function leave(
  req: Request,
  res: Response,
  { to, message }: { readonly to: string; readonly message: string },
): Promise<void> {
  await req.sessions.put('message', message, '1m');
  res.redirect(303, to);
}
