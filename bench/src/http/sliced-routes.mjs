// One route on each framework without sockets: behind a hook that reads the header, and guarded.
import * as onExpress from '@sess/express';
import * as onFastify from '@sess/fastify';
import * as onHono from '@sess/hono';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { inject } from 'light-my-request';

const headersOf = (token) => ({ authorization: `Bearer ${token}` });
const statusOf = ({ statusCode }) => statusCode;

/** Framework → what makes the routes for an engine: functions of a token that resolve to the status. */
export const SLICED_ROUTES = {
  express(sessions) {
    const idle = express()
      .use((req, _res, next) => {
        req.presented = req.headers.authorization;
        next();
      })
      .get('/me', (_req, res) => res.json({ user: 'user-idle-000000' }));
    const guarded = express()
      .use(onExpress.sessionMiddleware(sessions))
      .get(
        '/me',
        onExpress.requireSession((req, res) => res.json({ user: req.session.subject })),
      );
    const send = (app) => (token) =>
      inject(app, { url: '/me', headers: headersOf(token) }).then(statusOf);
    return { idle: send(idle), guarded: send(guarded) };
  },

  fastify(sessions) {
    const idle = Fastify();
    idle.decorateRequest('presented', null);
    idle.addHook('onRequest', (request, _reply, done) => {
      request.presented = request.headers.authorization;
      done();
    });
    idle.get('/me', () => ({ user: 'user-idle-000000' }));
    const guarded = Fastify();
    guarded.register(onFastify.sessionMiddleware(sessions));
    guarded.register((app, _options, done) => {
      app.get(
        '/me',
        onFastify.requireSession((request) => ({ user: request.session.subject })),
      );
      done();
    });
    const send = (app) => (token) =>
      app.inject({ url: '/me', headers: headersOf(token) }).then(statusOf);
    return { idle: send(idle), guarded: send(guarded) };
  },

  hono(sessions) {
    const idle = new Hono()
      .use(async (c, next) => {
        c.set('presented', c.req.header('authorization'));
        await next();
      })
      .get('/me', (c) => c.json({ user: 'user-idle-000000' }));
    const guarded = new Hono()
      .use(onHono.sessionMiddleware(sessions))
      .get('/me', onHono.requireSession(), (c) => c.json({ user: c.var.session.subject }));
    // What the adapter of Node passes with each request.
    const environmentOf = (token) => ({
      incoming: {
        rawHeaders: ['Host', 'localhost', 'Authorization', `Bearer ${token}`],
        socket: { remoteAddress: '127.0.0.1' },
      },
    });
    const send = (app) => async (token) => {
      const request = new Request('http://localhost/me', { headers: headersOf(token) });
      return (await app.fetch(request, environmentOf(token))).status;
    };
    return { idle: send(idle), guarded: send(guarded) };
  },
};
