// Pages on Fastify that one would copy: the cart of a guest, sign-in by a form, "remember me", devices. No scripts.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import formBody from '@fastify/formbody';
import { createSessions, type RegisteredData, safeReturn } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import ejs from 'ejs';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';

declare module '@sess/core' {
  interface Register {
    data: { cart?: string[] };
  }
}

const TOP = `<!doctype html><title>Shop</title><a href="/">Shop</a> <a href="/account">Account</a><p role="status"><%= flash %></p>`;
const SHOP = `<h1>Cart</h1><ul><% for (const item of cart) { %><li><%= item %></li><% } %></ul>
<form method="post" action="/cart"><input name="item" required> <button>Add</button></form>`;
const SIGN_IN = `<h1>Sign in</h1><form method="post">
<input name="email" type="email" required> <input name="password" type="password" required>
<label><input type="checkbox" name="remember"> Remember me</label> <button>Sign in</button></form>`;
const ACCOUNT = `<h1><%= user %></h1><form method="post" action="/devices"><ul><% for (const { sid, device, isCurrent } of devices) { %>
<li><%= device.userAgent %> <%= isCurrent ? '(this one)' : '' %>
<button name="sid" value="<%= sid %>">Sign out</button></li><% } %></ul>
<button name="others" value="on">Sign out all others</button></form><form method="post" action="/session/logout"><button>Sign out</button></form>`;

type Form = { Body: Record<string, string>; Querystring: { return_to?: string } };
async function show(req: FastifyRequest, reply: FastifyReply, template: string, data: object) {
  const flash = await req.sessions.take('flash');
  return reply.type('text/html').send(ejs.render(TOP + template, { ...data, flash }));
}

// Stands for a table. An application hashes asynchronously, with a salt of each user.
const hash = (password: unknown) => scryptSync(`${password}`, 'salt', 32);
const users = new Map([['ada@example.com', hash('correct horse')]]);

const sessions = createSessions({ idleTtl: '7d', absoluteTtl: '90d' });
const app = Fastify({ forceCloseConnections: true });
await app.register(formBody).register(sessionMiddleware(sessions, { transport: 'cookie' }));
app.setErrorHandler(sessionErrors());

app.get('/', (req, reply) => {
  const { cart = [] } = req.session?.data ?? req.sessions.guest.data;
  return show(req, reply, SHOP, { cart });
});

app.post<Form>('/cart', async ({ session, sessions, body }, reply) => {
  const add = ({ cart = [] }: RegisteredData) => ({ cart: [...cart, `${body['item']}`] });
  await (session === null ? sessions.guest.update(add) : sessions.update(add));
  return reply.redirect('/', 303);
});

app.get('/sign-in', (req, reply) => show(req, reply, SIGN_IN, {}));

app.post<Form>('/sign-in', async ({ body, query, sessions, url }, reply) => {
  const { email = '', password, remember } = body;
  // An unknown address takes as long as a wrong password.
  if (!timingSafeEqual(hash(password), users.get(email) ?? Buffer.alloc(32))) {
    await sessions.put('flash', 'The address or the password is wrong.');
    return reply.redirect(url, 303);
  }
  await sessions.start({ subject: email, remember: remember === 'on', keep: ['cart'] });
  return reply.redirect(safeReturn(query.return_to) ?? '/account', 303);
});

const preHandler = requireSession({ redirectTo: '/sign-in' });
app.get('/account', { preHandler }, async (req, reply) => {
  const [user, devices] = [req.session?.subject, await req.sessions.list()];
  return show(req, reply, ACCOUNT, { user, devices });
});

app.post<Form>('/devices', { preHandler }, async ({ body, sessions }, reply) => {
  const { sid, others } = body;
  await (others === 'on' ? sessions.endOthers() : sessions.revoke(`${sid}`));
  return reply.redirect('/account', 303);
});

console.log('listening on', await app.listen({ port: Number(process.env['PORT'] ?? 3000) }));
process.once('SIGTERM', () => void app.close().then(() => sessions.close()));
