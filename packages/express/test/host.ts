import type { AddressInfo } from 'node:net';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import type { HostSetup } from '@sess/testkit/suites';
import type express from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { RunningHost } from '../../../test/kit.js';

type Handler = (req: Request, res: Response) => Promise<unknown>;

/** Express 4 does not look at what a handler returns. */
function forwarding(handler: Handler): RequestHandler {
  return (req, res, next) => void handler(req, res).catch(next);
}

/** Ways to say that caches may keep a response. */
const PUBLIC: Readonly<Record<string, (res: Response) => unknown>> = {
  public: (res) =>
    res
      .set({ 'X-Kind': 'public', 'Cache-Control': 'public', 'CDN-Cache-Control': 'public' })
      .send('ok'),
  head: (res) =>
    res
      .writeHead(200, {
        'x-kind': 'head',
        'cache-control': 'public',
        'cdn-cache-control': 'public',
      })
      .end('ok'),
  list: (res) =>
    res
      .writeHead(200, 'Fine', [
        ...['X-Kind', 'list', 'CACHE-CONTROL', 'public', 'CDN-Cache-Control', 'public'],
        ...['Set-Cookie', 'late=1', 'Set-Cookie', 'more=1'],
      ])
      .end('ok'),
};

/** The application that the adapter suite asks for, on either Express. In production it shows sessions in another way. */
export function createHost(framework: typeof express, environment: 'test' | 'production') {
  return async ({ sessions, options, gate }: HostSetup): Promise<RunningHost> => {
    const app = framework().set('env', environment);
    app.use(sessionMiddleware(sessions, options));
    app.use(framework.json());
    app.use(framework.urlencoded({ extended: false }));

    app.post(
      '/login',
      forwarding(async (req, res) =>
        res.json(await req.sessions.start({ subject: req.body.user, keep: req.body.keep ?? [] })),
      ),
    );
    app.post(
      '/logout-here',
      forwarding(async (req, res) => {
        await req.sessions.end();
        res.status(204).end();
      }),
    );
    app.get('/public', (req, res) => {
      const { caching } = req.query;
      if (typeof caching === 'string')
        res.set({ 'Cache-Control': caching, 'CDN-Cache-Control': 'max-age=60' });
      res.set('X-Own-Host', req.get('host')).json({ user: req.session?.subject ?? null });
    });
    app.get('/file', (_req, res) => {
      res
        .set({ 'Cache-Control': 'public, max-age=60', 'CDN-Cache-Control': 'max-age=60' })
        .send('file');
    });
    app.get('/tag', requireSession(), (req, res) => {
      res.set('ETag', '"1"');
      if (req.get('if-none-match') === '"1"') res.status(304).end();
      else res.send('page');
    });
    app.get('/feed', requireSession(), (_req, res) => {
      res.write('one');
      res.end('two');
    });
    app.get(
      '/me',
      requireSession((req, res) => res.json(req.session)),
    );
    app.patch(
      '/me',
      requireSession({}, async (req, res) => res.json(await req.sessions.update(req.body))),
    );
    app.post(
      '/reauth',
      requireSession(),
      forwarding(async (req, res) => res.json(await req.sessions.elevate())),
    );
    app.post(
      '/transfer',
      requireSession({ authenticatedWithin: '5m' }),
      (_req, res) => void res.json({ ok: true }),
    );
    app.get(
      '/admin',
      requireSession({ where: (session) => session.subject === 'admin' }),
      (_req, res) => {
        res.json({ ok: true });
      },
    );
    app.get(
      '/page',
      requireSession({ redirectTo: '/sign-in' }, (req, res) => {
        const { caching } = req.query;
        if (typeof caching === 'string') res.set('Cache-Control', `${caching}, max-age=60`);
        res.type('text').send('page');
      }),
    );
    app.get('/bound', requireSession({ bound: true }), (_req, res) => void res.json({ ok: true }));
    app.post('/form', requireSession(), (_req, res) => void res.json({ ok: true }));
    app.get('/guest', (req, res) => void res.json({ data: req.sessions.guest.data }));
    app.patch(
      '/guest',
      forwarding(async (req, res) => {
        const { data } = await req.sessions.guest.update(req.body);
        res.json({ data });
      }),
    );
    app.post(
      '/put',
      forwarding(async (req, res) => {
        await req.sessions.put(req.body.name, req.body.value);
        res.status(204).end();
      }),
    );
    app.post(
      '/take',
      forwarding(async (req, res) =>
        res.json({ value: (await req.sessions.take(req.body.name)) ?? null }),
      ),
    );
    app.all('/session/own', (_req, res) => void res.json({ own: true }));
    app.post(
      '/tamper',
      requireSession(async (req, res) => {
        try {
          Object.assign(req.session, req.body);
        } catch {
          // The session is frozen: what counts is what `elevate` does afterwards.
        }
        res.json(await req.sessions.elevate());
      }),
    );
    app.post(
      '/race',
      requireSession(async (req, res) => {
        await gate();
        res.json(await req.sessions.update(req.body));
      }),
    );
    app.post(
      '/login/:kind',
      forwarding(async (req, res) => {
        res.cookie('app', '1');
        const kind = String(req.params['kind']);
        const tokens = await req.sessions.start(
          { subject: req.body.user },
          kind === 'provider' ? { origins: ['https://id.example'] } : {},
        );
        res.append('Set-Cookie', 'late=1');
        if (kind in PUBLIC) PUBLIC[kind]?.(res);
        else if (kind === 'json' || kind === 'provider') res.json(tokens);
        else if (kind === 'redirect') res.redirect('/public');
        else if (kind === 'throw') throw new Error('after the sign-in');
        else {
          res.write('one');
          res.end('two');
        }
      }),
    );
    app.use(sessionErrors());
    app.use(((_error: unknown, _req, res, _next) =>
      res.status(500).json({})) as express.ErrorRequestHandler);

    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () => new Promise((resolve) => server.close(() => resolve())),
    };
  };
}
