import { createSessions, type RequestSession, readDuration } from '@sess/core';
import { createWebSessions } from '@sess/web';
import type { Context, Middleware } from 'koa';

declare module 'koa' {
  interface DefaultState {
    sessions: RequestSession;
  }
}

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const web = createWebSessions(createSessions({ renewAfter }), { transport: 'cookie' });

/** Serves the session routes, sets `ctx.state.sessions`, and the cookies on the response. */
export const sessionMiddleware: Middleware = async (ctx, next) => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(ctx.headers)) headers.set(name, `${value}`);
  const request = new Request(ctx.href, { method: ctx.method, headers });
  let isPassed = false;
  const response = await web.handle({ request, ip: ctx.ip }, async (sessions) => {
    ctx.state.sessions = sessions;
    await next();
    isPassed = true;
    const { vary = '', 'cache-control': caching = '' } = ctx.response.headers;
    return new Response(null, { headers: { vary: `${vary}`, 'cache-control': `${caching}` } });
  });
  await copy(response, ctx, { isWhole: !isPassed });
};

export const requireSession = (options: Parameters<typeof web.guard>[0]): Middleware => {
  const guard = web.guard(options, () => undefined);
  return async (ctx, next) => {
    const refusal = await guard(ctx.state.sessions);
    return refusal === undefined ? next() : copy(refusal, ctx, { isWhole: true });
  };
};

async function copy(from: Response, to: Context, { isWhole }: { readonly isWhole: boolean }) {
  if (isWhole) {
    to.status = from.status;
    to.body = await from.text();
  }
  for (const [name, value] of from.headers) {
    if (name === 'set-cookie') to.append(name, value);
    else if (value !== '') to.set(name, value);
  }
}
