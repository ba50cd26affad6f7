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
};

app.post(
  '/orders/:id',
  { schema },
  requireSession(async (request) => {
    const amount: number = request.body.amount;
    const id: string = request.params.id;
    const subject: string = request.session.subject;
    // @ts-expect-error the schema has no such member
    request.body.other;
    return { amount, id, subject };
  }),
);
app.post('/lines/:id', { schema, preHandler: requireSession() }, async (request) => {
  const amount: number = request.body.amount;
  return { amount, subject: request.session?.subject };
});
