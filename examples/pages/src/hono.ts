// Pages on Hono that one would copy: the cart of a guest, sign-in by a form, "remember me", devices. No scripts.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { serve } from '@hono/node-server';
import { createSessions, type RegisteredData, type RequestSession, safeReturn } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';

declare module '@sess/core' {
  interface Register {
    data: { cart?: string[] };
  }
}

type Devices = Awaited<ReturnType<RequestSession['list']>>;
const shop = (cart: readonly string[]) => html`<h1>Cart</h1>
<ul>${cart.map((item) => html`<li>${item}</li>`)}</ul>
<form method="post" action="/cart"><input name="item" required> <button>Add</button></form>`;
const SIGN_IN = html`<h1>Sign in</h1><form method="post">
<input name="email" type="email" required> <input name="password" type="password" required>
<label><input type="checkbox" name="remember"> Remember me</label> <button>Sign in</button></form>`;
const account = (user: string, devices: Devices) => html`<h1>${user}</h1>
<form method="post" action="/devices"><ul>${devices.map(
  ({ sid, device, isCurrent }) => html`<li>${device.userAgent} ${isCurrent ? '(this one)' : ''}
<button name="sid" value="${sid}">Sign out</button></li>`,
)}</ul><button name="others" value="on">Sign out all others</button></form>
<form method="post" action="/session/logout"><button>Sign out</button></form>`;

async function show(c: Context, body: ReturnType<typeof html>): Promise<Response> {
  return c.html(html`<!doctype html><title>Shop</title><a href="/">Shop</a>
<a href="/account">Account</a><p role="status">${await c.get('sessions').take('flash')}</p>${body}`);
}

// Stands for a table. An application hashes asynchronously, with a salt of each user.
const hash = (password: unknown) => scryptSync(`${password}`, 'salt', 32);
const users = new Map([['ada@example.com', hash('correct horse')]]);

const sessions = createSessions({ idleTtl: '7d', absoluteTtl: '90d' });
const app = new Hono<SessionEnv>();
app.use(sessionMiddleware(sessions, { transport: 'cookie' }));
app.onError(sessionErrors());

app.get('/', (c) => show(c, shop((c.var.session?.data ?? c.var.sessions.guest.data).cart ?? [])));

app.post('/cart', async (c) => {
  const { item } = await c.req.parseBody();
  const add = ({ cart = [] }: RegisteredData) => ({ cart: [...cart, `${item}`] });
  await (c.var.session === null ? c.var.sessions.guest.update(add) : c.var.sessions.update(add));
  return c.redirect('/', 303);
});

app.get('/sign-in', (c) => show(c, SIGN_IN));

app.post('/sign-in', async (c) => {
  const { email, password, remember } = await c.req.parseBody();
  // An unknown address takes as long as a wrong password.
  if (!timingSafeEqual(hash(password), users.get(`${email}`) ?? Buffer.alloc(32))) {
    await c.var.sessions.put('flash', 'The address or the password is wrong.');
    return c.redirect(`?${new URLSearchParams(c.req.query())}`, 303);
  }
  await c.var.sessions.start({ subject: `${email}`, remember: remember === 'on', keep: ['cart'] });
  return c.redirect(safeReturn(c.req.query('return_to')) ?? '/account', 303);
});

const guard = requireSession({ redirectTo: '/sign-in' });
app.get('/account', guard, async (c) =>
  show(c, account(c.var.session.subject, await c.var.sessions.list())),
);

app.post('/devices', guard, async (c) => {
  const { sid, others } = await c.req.parseBody();
  await (others === 'on' ? c.var.sessions.endOthers() : c.var.sessions.revoke(`${sid}`));
  return c.redirect('/account', 303);
});

const port = Number(process.env['PORT'] ?? 3000);
const server = serve({ fetch: app.fetch, port }, (at) => console.log('listening on', at));
process.once('SIGTERM', () => server.close(() => sessions.close()));
