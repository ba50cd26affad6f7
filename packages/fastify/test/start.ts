import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { onTestFinished } from 'vitest';
import { sendRequest, type WireAnswer, type WireRequest } from '../../../test/kit.js';

export type Send = (path: string, request?: WireRequest) => Promise<WireAnswer>;

/** Starts an application for the running test, on a socket. */
export async function start(
  mount: (app: FastifyInstance) => unknown,
  options: FastifyServerOptions = {},
): Promise<Send> {
  const app: FastifyInstance = Fastify(options);
  onTestFinished(() => app.close());
  await mount(app);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return (path, request) => sendRequest(url + path, request);
}

/** A POST with an empty body: without one the client would send chunks, which Fastify wants to know the type of. */
export function post(headers: WireRequest['headers'] = []): WireRequest {
  return { method: 'POST', headers, body: '' };
}
