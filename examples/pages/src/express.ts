// Pages on Express that one would copy: the cart of a guest, sign-in by a form, "remember me", devices. No scripts.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { createSessions, type RegisteredData, safeReturn } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import ejs from 'ejs';
import express, { type Request, type Response } from 'express';

declare module '@sess/core' {
  interface Register {
    data: { cart?: string[] };
  }
}

const TOP = `<!doctype html><title>Shop</title><a href="/">Shop</a> <a href="/account">Account</a>
<p role="status"><%= flash %></p>`;
const SHOP = `<h1>Cart</h1><ul><% for (const item of cart) { %><li><%= item %></li><% } %></ul>
<form method="post" action="/cart"><input name="item" required> <button>Add</button></form>`;
const SIGN_IN = `<h1>Sign in</h1><form method="post">
<input name="email" type="email" required> <input name="password" type="password" required>
<label><input type="checkbox" name="remember"> Remember me</label> <button>Sign in</button></form>`;
const ACCOUNT = `<h1><%= user %></h1><form method="post" action="/devices"><ul><% for (const { sid, device, isCurrent } of devices) { %>
<li><%= device.userAgent %> <%= isCurrent ? '(this one)' : '' %>
<button name="sid" value="<%= sid %>">Sign out</button></li><% } %></ul>
<button name="others" value="on">Sign out all others</button></form><form method="post" action="/session/logout">
<button>Sign out</button></form>`;

async function show(req: Request, res: Response, template: string, data: object): Promise<void> {
  res.send(ejs.render(TOP + template, { ...data, flash: await req.sessions.take('flash') }));
}

// Stands for a table. An application hashes asynchronously, with a salt of each user.
const hash = (password: unknown) => scryptSync(`${password}`, 'salt', 32);
const users = new Map([['ada@example.com', hash('correct horse')]]);

const sessions = createSessions({ idleTtl: '7d', absoluteTtl: '90d' });
const app = express();
app.use(sessionMiddleware(sessions, { transport: 'cookie' }), express.urlencoded());

app.get('/', async (req, res) => {
  const { cart = [] } = req.session?.data ?? req.sessions.guest.data;
  await show(req, res, SHOP, { cart });
});

app.post('/cart', async (req, res) => {
  const add = ({ cart = [] }: RegisteredData) => ({ cart: [...cart, `${req.body?.item}`] });
  await (req.session === null ? req.sessions.guest.update(add) : req.sessions.update(add));
  res.redirect(303, '/');
});

app.get('/sign-in', (req, res) => show(req, res, SIGN_IN, {}));

app.post('/sign-in', async (req, res) => {
  const { email, password, remember } = req.body ?? {};
  // An unknown address takes as long as a wrong password.
  if (!timingSafeEqual(hash(password), users.get(email) ?? Buffer.alloc(32))) {
    await req.sessions.put('flash', 'The address or the password is wrong.');
    return res.redirect(303, req.originalUrl);
  }
  await req.sessions.start({ subject: email, remember: remember === 'on', keep: ['cart'] });
  res.redirect(303, safeReturn(req.query['return_to']) ?? '/account');
});

const guard = requireSession({ redirectTo: '/sign-in' });
app.get('/account', guard, async (req, res) => {
  await show(req, res, ACCOUNT, { user: req.session?.subject, devices: await req.sessions.list() });
});

app.post('/devices', guard, async (req, res) => {
  const { sid, others } = req.body ?? {};
  await (others === 'on' ? req.sessions.endOthers() : req.sessions.revoke(`${sid}`));
  res.redirect(303, '/account');
});

app.use(sessionErrors());

const port = Number(process.env['PORT'] ?? 3000);
const server = app.listen(port, () => console.log('listening on', server.address()));
process.once('SIGTERM', () => server.close(() => sessions.close()));
