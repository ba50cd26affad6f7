/* A type provider keeps its types beside a session that is never null. */
import { requireSession, sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { z } from 'zod';

const app = Fastify().withTypeProvider<ZodTypeProvider>();
app.setValidatorCompiler(validatorCompiler);
app.setSerializerCompiler(serializerCompiler);
app.register(sessionMiddleware(undefined, { openapi: false }));

const schema = {
  body: z.object({ amount: z.number() }),
  params: z.object({ id: z.string() }),
  querystring: z.object({ dry: z.string() }),
  headers: z.object({ 'x-version': z.string() }),
  response: { 200: z.object({ amount: z.number(), subject: z.string() }) },
};

app.post(
  '/orders/:id',
  { schema },
  requireSession({ authenticatedWithin: '5m' }, async (request, reply) => {
    const id: string = request.params.id + request.query.dry + request.headers['x-version'];
    const subject: string = request.session.subject;
    // @ts-expect-error the schema has no such member
    request.body.other;
    reply.header('x-id', id);
    return { amount: request.body.amount, subject };
  }),
);
app.route({
  method: 'PUT',
  url: '/orders/:id',
  schema,
  handler: requireSession(({ body, session }) => ({ ...body, subject: session.subject })),
});
app.patch(
  '/orders/:id',
  { schema },
  // @ts-expect-error the response schema has a number
  requireSession(async ({ session }) => ({ amount: '1', subject: session.subject })),
);
app.post('/lines/:id', { schema, preHandler: requireSession() }, async (request) => {
  const amount: number = request.body.amount;
  // @ts-expect-error Fastify types a handler without regard to its hooks, so that the session may be null here
  return { amount, subject: request.session.subject };
});
