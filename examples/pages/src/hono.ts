// Pages on Hono that one would copy: the cart of a guest, sign-in by a form, "remember me", devices. No scripts.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { serve } from '@hono/node-server';
import { createSessions, safeReturn } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';

type Html = ReturnType<typeof html>;

async function show(c: Context<SessionEnv>, body: Html): Promise<Response> {
  const flash = await c.var.sessions.take('flash');
  return c.html(html`<!doctype html><title>Shop</title><a href="/">Shop</a>
<a href="/account">Account</a><p role="status">${flash}</p>${body}`);
}

// Stands for a table of a database. Hash asynchronously, with a salt of each user: see the example of the API.
const hash = (password: unknown) => scryptSync(`${password}`, 'salt', 32);
const users = new Map([['ada@example.com', hash('correct horse')]]);

const sessions = createSessions({ idleTtl: '7d', absoluteTtl: '90d' });
const app = new Hono<SessionEnv>();
app.use(sessionMiddleware(sessions, { transport: 'cookie' }));
app.onError(sessionErrors());

app.get('/', (c) => {
  const { cart = [] } = c.var.session?.data ?? c.var.sessions.guest.data;
  return show(c, html`<h1>Cart</h1><ul>${cart.map((item) => html`<li>${item}</li>`)}</ul>
<form method="post" action="/cart"><input name="item" required> <button>Add</button></form>`);
});

app.post('/cart', async (c) => {
  const { item } = await c.req.parseBody();
  const add = ({ cart = [] }: Cart) => ({ cart: [...cart, `${item}`].slice(-20) });
  await (c.var.session === null ? c.var.sessions.guest.update(add) : c.var.sessions.update(add));
  return c.redirect('/', 303);
});

app.get('/sign-in', (c) => show(c, html`<h1>Sign in</h1><form method="post">
<input type="hidden" name="return_to" value="${c.req.query('return_to')}">
<input type="email" name="email" autocomplete="username" required>
<input type="password" name="password" autocomplete="current-password" required>
<label><input type="checkbox" name="remember"> Remember me</label> <button>Sign in</button></form>`));

app.post('/sign-in', async (c) => {
  const { email, password, remember, return_to: back } = await c.req.parseBody();
  const expected = users.get(`${email}`);
  // An unknown address takes as long as a wrong password.
  if (!timingSafeEqual(hash(password), expected ?? hash('')) || expected === undefined) {
    await c.var.sessions.put('flash', 'The address or the password is wrong.');
    return c.redirect('/sign-in', 303);
  }
  await c.var.sessions.start({ subject: `${email}`, remember: remember === 'on', keep: ['cart'] });
  await c.var.sessions.put('flash', `Welcome, ${email}.`);
  return c.redirect(safeReturn(back) ?? '/account', 303);
});

const guard = requireSession({ redirectTo: '/sign-in' });

app.get('/account', guard, async (c) => {
  const devices = await c.var.sessions.list();
  return show(c, html`<h1>${c.var.session.subject}</h1><form method="post" action="/devices"><ul>
${devices.map(({ sid, device, isCurrent }) => html`<li>${device.userAgent} ${isCurrent ? '(this one)' : ''}
<button name="sid" value="${sid}">Sign out</button></li>`)}
</ul><button>Sign out all others</button></form>
<form method="post" action="/session/logout"><button>Sign out</button></form>`);
});

app.post('/devices', guard, async (c) => {
  const { sid } = await c.req.parseBody();
  await (sid === undefined ? c.var.sessions.endOthers() : c.var.sessions.revoke(`${sid}`));
  return c.redirect('/account', 303);
});

const port = Number(process.env['PORT'] ?? 3000);
const server = serve({ fetch: app.fetch, port }, (at) => console.log('listening on', at));
process.once('SIGTERM', () => server.close(() => sessions.close()));
