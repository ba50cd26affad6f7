import Koa from 'koa';
import { requireSession, sessionMiddleware } from './sessions.js';

const app = new Koa();
app.use(sessionMiddleware);

const guard = requireSession({ redirectTo: '/sign-in' });
app.use(async (ctx) => {
  ctx.type = 'html';
  if (ctx.path === '/account') {
    await guard(ctx, async () => {
      ctx.body = `<p>Signed in as ${ctx.state.sessions.session?.subject}</p>
<form method="post" action="/session/logout"><button>Sign out</button></form>`;
    });
  } else if (ctx.path !== '/sign-in') ctx.body = '<a href="/account">Account</a>';
  else if (ctx.method !== 'POST') ctx.body = '<form method="post"><button>Sign in</button></form>';
  else {
    // Check a password here.
    await ctx.state.sessions.start({ subject: 'ada' });
    ctx.status = 303;
    ctx.redirect('/account');
  }
});

app.listen(Number(process.env['PORT'] ?? 3000), 'localhost');
