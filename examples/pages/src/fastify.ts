// Pages on Fastify that one would copy: the cart of a guest, sign-in by a form, "remember me", devices. No scripts.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import formBody from '@fastify/formbody';
import { createSessions, safeReturn } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import ejs from 'ejs';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';

const TOP = `<!doctype html><title>Shop</title><a href="/">Shop</a> <a href="/account">Account</a>
<p role="status"><%= flash %></p>`;
const SHOP = `<h1>Cart</h1><ul><% for (const item of cart) { %><li><%= item %></li><% } %></ul>
<form method="post" action="/cart"><input name="item" required> <button>Add</button></form>`;
const SIGN_IN = `<h1>Sign in</h1><form method="post">
<input type="hidden" name="return_to" value="<%= back %>">
<input type="email" name="email" autocomplete="username" required>
<input type="password" name="password" autocomplete="current-password" required>
<label><input type="checkbox" name="remember"> Remember me</label> <button>Sign in</button></form>`;
const ACCOUNT = `<h1><%= user %></h1><form method="post" action="/devices"><ul>
<% for (const { sid, device, isCurrent } of devices) { %><li><%= device.userAgent %> <%= isCurrent ? '(this one)' : '' %>
<button name="sid" value="<%= sid %>">Sign out</button></li><% } %>
</ul><button>Sign out all others</button></form>
<form method="post" action="/session/logout"><button>Sign out</button></form>`;

async function show(request: FastifyRequest, reply: FastifyReply, template: string, data: object) {
  const flash = await request.sessions.take('flash');
  return reply.type('text/html').send(ejs.render(TOP + template, { ...data, flash }));
}

// Stands for a table of a database. Hash asynchronously, with a salt of each user: see the example of the API.
const hash = (password: unknown) => scryptSync(`${password}`, 'salt', 32);
const users = new Map([['ada@example.com', hash('correct horse')]]);

const sessions = createSessions({ idleTtl: '7d', absoluteTtl: '90d' });
const app = Fastify({ forceCloseConnections: true });
await app.register(formBody);
await app.register(sessionMiddleware(sessions, { transport: 'cookie' }));
app.setErrorHandler(sessionErrors());

app.get('/', (request, reply) => {
  const { cart = [] } = request.session?.data ?? request.sessions.guest.data;
  return show(request, reply, SHOP, { cart });
});

app.post<{ Body: { item?: string } }>('/cart', async ({ session, sessions, body }, reply) => {
  const add = ({ cart = [] }: Cart) => ({ cart: [...cart, `${body.item}`].slice(-20) });
  await (session === null ? sessions.guest.update(add) : sessions.update(add));
  return reply.redirect('/', 303);
});

app.get<{ Querystring: { return_to?: string } }>('/sign-in', (request, reply) =>
  show(request, reply, SIGN_IN, { back: request.query.return_to }),
);

app.post<{ Body: Record<string, string> }>('/sign-in', async ({ body, sessions }, reply) => {
  const { email = '', password, remember, return_to: back } = body;
  const expected = users.get(email);
  // An unknown address takes as long as a wrong password.
  if (!timingSafeEqual(hash(password), expected ?? hash('')) || expected === undefined) {
    await sessions.put('flash', 'The address or the password is wrong.');
    return reply.redirect('/sign-in', 303);
  }
  await sessions.start({ subject: email, remember: remember === 'on', keep: ['cart'] });
  await sessions.put('flash', `Welcome, ${email}.`);
  return reply.redirect(safeReturn(back) ?? '/account', 303);
});

const preHandler = requireSession({ redirectTo: '/sign-in' });

app.get('/account', { preHandler }, async (request, reply) => {
  const devices = await request.sessions.list();
  return show(request, reply, ACCOUNT, { user: request.session?.subject, devices });
});

app.post<{ Body: { sid?: string } }>('/devices', { preHandler }, async (request, reply) => {
  const { sid } = request.body;
  await (sid === undefined ? request.sessions.endOthers() : request.sessions.revoke(sid));
  return reply.redirect('/account', 303);
});

await app.listen({ port: Number(process.env['PORT'] ?? 3000) });
console.log('listening on', app.server.address());
process.once('SIGTERM', () => void app.close().then(() => sessions.close()));
