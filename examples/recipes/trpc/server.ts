import { createSessions, readDuration } from '@sess/core';
import { sessionErrors, sessionMiddleware } from '@sess/express';
import { initTRPC, TRPCError } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import express, { type Request } from 'express';

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const sessions = createSessions({ renewAfter });

const t = initTRPC.context<{ req: Request }>().create();
/** Has a `ctx.session` that is never `null`. */
const guarded = t.procedure.use(({ ctx, next }) => {
  const { session } = ctx.req;
  if (session === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { session } });
});

export const router = t.router({
  signIn: t.procedure.mutation(async ({ ctx }) => {
    // Check a password here. The cookie is on the response of this call.
    await ctx.req.sessions.start({ subject: 'ada' });
    return { ok: true };
  }),
  account: guarded.query(({ ctx }) => ({ user: ctx.session.subject })),
});

const app = express();
app.use(sessionMiddleware(sessions, { transport: 'cookie' }));
app.use('/trpc', createExpressMiddleware({ router, createContext: ({ req }) => ({ req }) }));
app.use(sessionErrors());
app.listen(Number(process.env['PORT'] ?? 3000), 'localhost');
