import { type Request, type Response, Router } from 'express';
import { type Account, ROLES } from '../accounts.js';
import { field } from '../forms.js';
import type { Services } from '../services.js';
import { accountOf, leave, requireAccount, requireRole, show } from '../visitor.js';

/** What an administrator can do to other accounts. */
export function createAdminRoutes({ accounts, sessions }: Services): Router {
  const router = Router();
  router.use(requireAccount(accounts), requireRole('admin'));

  /** Returns the account in the form. The role of an administrator is for another one to change. */
  async function chosen(req: Request, res: Response): Promise<Account | undefined> {
    const account = await accounts.find(field(req, 'id'));
    return account?.id === accountOf(res).id ? undefined : account;
  }

  router.get('/', async (req, res) => {
    await show(req, res, 'admin', { accounts: await accounts.newest(), roles: ROLES });
  });

  router.post('/sign-out', async (req, res) => {
    const account = await chosen(req, res);
    if (account === undefined) return res.redirect(303, '/admin');
    const count = await sessions.revokeAll(account.id);
    const message = `Sessions of ${account.email} that were ended: ${count}`;
    await leave(req, res, { to: '/admin', message });
  });

  router.post('/role', async (req, res) => {
    const account = await chosen(req, res);
    const role = ROLES.find((name) => name === field(req, 'role'));
    if (account !== undefined && role !== undefined) await accounts.setRole(account.id, role);
    res.redirect(303, '/admin');
  });

  return router;
}
