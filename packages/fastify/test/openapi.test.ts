import swagger from '@fastify/swagger';
import { createSessions } from '@sess/core';
import { sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { expect, it } from 'vitest';
import { z } from 'zod';

it('openapi: false hides the session routes from documentation that is made of zod schemas', async () => {
  const app = Fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(swagger, { openapi: {}, transform: jsonSchemaTransform });
  await app.register(sessionMiddleware(createSessions(), { routes: 'all', openapi: false }));
  app.post('/orders', { schema: { body: z.object({ amount: z.number() }) } }, async () => ({}));
  await app.ready();
  expect(Object.keys(app.swagger().paths ?? {})).toEqual(['/orders']);
  const refused = await app.inject({ method: 'POST', url: '/session/refresh' });
  expect(refused.statusCode).toBe(401);
});

it('openapi refuses a value that is neither true nor false', () => {
  expect(() => sessionMiddleware(createSessions(), { openapi: 'no' as never })).toThrow(/openapi/);
});
