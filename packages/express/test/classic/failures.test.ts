import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSessions, isSessError, memoryStore } from '@sess/core';
import { createFaultyStore as createFaulty, createMemoryLogger } from '@sess/testkit';
import type { Express, Request, RequestHandler, Response } from 'express';
import { describe, expect, it } from 'vitest';
import {
  createClassicOn,
  createGate,
  createJar,
  FRAMEWORKS,
  listen,
  open,
  openApp,
  openEngine,
} from './help.js';

const routes = (app: Express): void => {
  app.get('/first', (req, res) => {
    req.session.note = 1;
    res.json(1);
  });
  app.get('/set', (req, res) => {
    req.session.note = 2;
    res.redirect('/');
  });
  app.post('/login', (req, res) => {
    req.session.user = 'ada';
    res.redirect('/');
  });
  app.get('/', (req, res) => void res.json([req.session.user ?? null, req.session.note ?? null]));
};

describe.each(FRAMEWORKS)('%s: a store that fails', (_name, framework) => {
  it('makes a request with a cookie a 503, and keeps the cookie', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await openApp(createClassicOn(sessions), routes, framework);
    await jar.get('/first');
    faulty.fail();
    const answer = await jar.send('/');
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'store_unavailable']);
    expect(answer.setCookies).toEqual([]);
    faulty.heal();
    expect(await jar.get('/')).toBe('[null,1]');
  });

  it('leaves requests without a cookie alone', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await openApp(createClassicOn(sessions), routes, framework);
    faulty.fail();
    expect(await jar.get('/')).toBe('[null,null]');
  });

  it('lets requests pass as those of a visitor, if the application wants that', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await openApp(
      createClassicOn(sessions, { onStoreError: 'anonymous' }),
      routes,
      framework,
    );
    await jar.get('/first');
    faulty.fail();
    expect(await jar.get('/')).toBe('[null,null]');
    // What a visitor writes must not replace the cookie of a session that may be live.
    faulty.heal();
    faulty.fail('load');
    const answer = await jar.send('/set');
    expect([answer.status, answer.setCookies]).toEqual([503, []]);
  });

  it.each([
    ['the first write of a visitor', '/set', false],
    ['a change', '/set', true],
  ])(
    'at the end makes the response a 503 in place of the one that shows success: %s',
    async (_kind, path, isKnown) => {
      const { sessions, faulty } = openEngine();
      const jar = await openApp(createClassicOn(sessions), routes, framework);
      if (isKnown) await jar.get('/first');
      faulty.fail('insert', 'replaceData');
      const answer = await jar.send(path);
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, 'store_unavailable']);
      expect(answer.setCookies).toEqual([]);
      faulty.heal();
      expect(await jar.get('/')).toBe(isKnown ? '[null,1]' : '[null,null]');
    },
  );

  it('at a sign-in signs no user in', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await openApp(createClassicOn(sessions), routes, framework);
    await jar.get('/first');
    faulty.fail('insert');
    expect((await jar.post('/login')).status).toBe(503);
    faulty.heal();
    expect(await jar.get('/')).toBe('[null,1]');
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('without an error handler of the application gives 503 and Retry-After', async () => {
    const { sessions, faulty } = openEngine();
    const app = framework();
    app.set('env', 'test');
    app.use(createClassicOn(sessions), (req, res) => {
      req.session.note = 2;
      res.redirect('/');
    });
    const jar = createJar(await listen(app as never));
    faulty.fail();
    const answer = await jar.send('/');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.headers).not.toHaveProperty('location');
  });

  it('after the head cuts the response off, so that the client sees the failure', async () => {
    const { sessions, faulty } = openEngine();
    const seen: unknown[] = [];
    const app = framework();
    app.set('env', 'test');
    app.use(createClassicOn(sessions), (req: Request, res: Response) => {
      req.session.note = (Number(req.session.note) || 0) + 1;
      if (req.path === '/') res.end();
      else {
        res.write('first');
        res.end('last');
      }
    });
    app.use(((error, _req, _res, next) => {
      seen.push(error);
      next(error);
    }) as import('express').ErrorRequestHandler);
    const jar = createJar(await listen(app as never));
    await jar.send('/');
    faulty.fail('replaceData');
    await expect(jar.send('/stream')).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect(seen.map((error) => isSessError(error, 'store_unavailable'))).toEqual([true]);
  });
});

describe('a failed save', () => {
  it('is reported to the callback, and the response of the handler to it stands', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await open(createClassicOn(sessions), (req, res) => {
      req.session.note = 1;
      req.session.save((error) => {
        res.status(isSessError(error, 'store_unavailable') ? 502 : 200).send('own page');
      });
    });
    faulty.fail();
    const answer = await jar.send('/');
    expect([answer.status, answer.text]).toEqual([502, 'own page']);
  });

  it('is reported by the promise', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await open(createClassicOn(sessions), async (req, res, next) => {
      try {
        req.session.note = 1;
        await req.session.save();
        res.end();
      } catch (error) {
        next(error);
      }
    });
    faulty.fail();
    expect((await jar.send('/')).status).toBe(503);
  });

  it('without a wait for it ends neither the process nor in a response that shows success', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await open(createClassicOn(sessions), (req, res) => {
      req.session.note = 1;
      req.session.save();
      setImmediate(() => res.redirect('/'));
    });
    faulty.fail();
    expect((await jar.send('/')).status).toBe(503);
    faulty.heal();
    expect((await jar.send('/')).status).toBe(302);
  });

  it('that the callback ignores is tried again at the end', async () => {
    const { sessions, faulty } = openEngine();
    const jar = await openApp(createClassicOn(sessions), (app) => {
      app.get('/set', (req, res) => {
        req.session.note = 1;
        faulty.fail();
        req.session.save(() => {
          faulty.heal();
          res.redirect('/');
        });
      });
      app.get('/', (req, res) => void res.json(req.session.note ?? null));
    });
    expect((await jar.send('/set')).status).toBe(302);
    expect(await jar.get('/')).toBe('1');
  });
});

describe('data that cannot be stored', () => {
  const CYCLE: Record<string, unknown> = {};
  CYCLE['self'] = CYCLE;
  it.each([
    ['a cycle', CYCLE, 500],
    ['a BigInt', 1n, 500],
    ['more than the engine allows', 'x'.repeat(10_000), 413],
    [
      'what a toJSON throws',
      {
        toJSON: () => {
          throw new Error('of toJSON');
        },
      },
      500,
    ],
  ])('makes the response an error: %s', async (_kind, value, status) => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), (app) => {
      app.get('/set', (req, res) => {
        req.session.note = value;
        res.redirect('/');
      });
      app.get('/', (req, res) => void res.json(req.session.note ?? null));
    });
    const answer = await jar.send('/set');
    expect([answer.status, answer.setCookies]).toEqual([status, []]);
    expect(await jar.get('/')).toBe('null');
  });
});

describe('a session that ends elsewhere during a request', () => {
  /** A request that waits while something else happens. */
  function openRace(respond: (req: Request, res: Response) => unknown) {
    const { sessions } = openEngine();
    const entered = createGate();
    const gate = createGate();
    const routesOfRace = (app: Express): void => {
      routes(app);
      app.get('/slow', async (req, res) => {
        void req.session.note;
        entered.open();
        await gate.opened;
        await respond(req, res);
      });
      app.get('/end', (req, res) => void req.session.destroy(() => void res.end()));
    };
    return { sessions, entered, gate, jar: openApp(createClassicOn(sessions), routesOfRace) };
  }

  it.each([
    ['destroy', async (jar: Awaited<ReturnType<typeof open>>) => void (await jar.get('/end'))],
    [
      'revokeAll',
      async (_jar: unknown, sessions: ReturnType<typeof openEngine>['sessions']) =>
        void (await sessions.revokeAll('ada')),
    ],
  ])('is not brought back by what the request writes: %s', async (_how, end) => {
    const race = openRace((req, res) => {
      req.session.note = 'late';
      res.redirect('/');
    });
    const jar = await race.jar;
    await jar.post('/login');
    const slow = jar.copy().send('/slow');
    await race.entered.opened;
    await end(jar.copy(), race.sessions);
    race.gate.open();
    const answer = await slow;
    expect([answer.status, answer.setCookies]).toEqual([302, []]);
    expect(await race.sessions.list('ada')).toEqual([]);
    expect(await jar.get('/')).toBe('[null,null]');
  });

  it('is reported to save, and to reload', async () => {
    const race = openRace(async (req, res) => {
      req.session.note = 'late';
      const [saved, loaded] = await Promise.allSettled([req.session.save(), req.session.reload()]);
      res.json([saved, loaded].map((one) => one.status === 'rejected' && one.reason.code));
    });
    const jar = await race.jar;
    await jar.post('/login');
    const slow = jar.copy().get('/slow');
    await race.entered.opened;
    await race.sessions.revokeAll('ada');
    race.gate.open();
    expect(JSON.parse(await slow)).toEqual(['session_ended', 'session_ended']);
  });

  it('is not the base of a sign-in as another user', async () => {
    const race = openRace((req, res) => {
      req.session.user = 'bob';
      res.redirect('/');
    });
    const jar = await race.jar;
    await jar.post('/login');
    const slow = jar.copy().send('/slow');
    await race.entered.opened;
    await race.sessions.revokeAll('ada');
    race.gate.open();
    expect((await slow).setCookies).toEqual([]);
    expect(await race.sessions.list('bob')).toEqual([]);
  });

  it('a visitor who is signed in by a parallel request signs in again with what this request knows', async () => {
    const race = openRace((req, res) => {
      req.session.user = 'ada';
      res.redirect('/');
    });
    const jar = await race.jar;
    await jar.get('/first');
    const late = jar.copy();
    const slow = late.send('/slow');
    await race.entered.opened;
    await jar.post('/login');
    race.gate.open();
    await slow;
    expect(await late.get('/')).toBe('["ada",1]');
  });
});

describe('after the head of the response', () => {
  it.each([
    [
      'the first write of a visitor',
      (req: Request) => {
        req.session.note = 1;
      },
    ],
    [
      'a sign-in',
      (req: Request) => {
        req.session.user = 'ada';
      },
    ],
  ])(
    '%s is refused, because its cookie cannot be set, and the response is left as it is',
    async (_kind, write) => {
      const logger = createMemoryLogger();
      const faulty = createFaulty(memoryStore());
      const sessions = createSessions({ store: faulty.store, logger });
      const jar = await open(createClassicOn(sessions), (req, res) => {
        void req.session.note;
        res.write('first');
        write(req);
        res.end('last');
      });
      expect(await jar.get('/')).toBe('firstlast');
      expect(faulty.calls.get('insert')).toBeUndefined();
      expect(
        logger.lines.filter(({ level }) => level === 'error').map(({ message }) => message),
      ).toEqual([expect.stringMatching(/^req\.session: expected the sign-in/)]);
    },
  );

  it('a sign-out ends the session, although its cookie stays', async () => {
    const { sessions } = openEngine();
    const jar = await openApp(createClassicOn(sessions), (app) => {
      routes(app);
      app.get('/end', (req, res) => {
        res.write('first');
        delete (req.session as { user?: string }).user;
        res.end('last');
      });
    });
    await jar.post('/login');
    expect(await jar.get('/end')).toBe('firstlast');
    expect(await sessions.list('ada')).toEqual([]);
    expect(await jar.get('/')).toBe('[null,null]');
  });
});

describe('a response that is held', () => {
  it('looks sent to the application: its head cannot be changed any more', async () => {
    const { sessions } = openEngine();
    const seen: unknown[] = [];
    const jar = await open(createClassicOn(sessions), (req, res) => {
      req.session.note = 1;
      res.status(201).send('done');
      seen.push(res.headersSent);
      for (const change of [
        () => res.setHeader('X-Late', '1'),
        () => res.writeHead(500),
        () => res.removeHeader('ETag'),
      ]) {
        try {
          change();
        } catch (error) {
          seen.push((error as { code?: string }).code);
        }
      }
      res.statusCode = 500;
      res.end('more');
    });
    const answer = await jar.send('/');
    expect([answer.status, answer.text]).toEqual([201, 'done']);
    expect(answer.headers).not.toHaveProperty('x-late');
    expect(seen).toEqual([true, ...Array<string>(3).fill('ERR_HTTP_HEADERS_SENT')]);
    expect(answer.setCookies).toHaveLength(1);
  });

  it('passes a fault of the call on, when it is made after all', async () => {
    const { sessions } = openEngine();
    const jar = await open(createClassicOn(sessions), (req, res) => {
      req.session.note = 1;
      res.end(5 as never);
    });
    expect((await jar.send('/')).status).toBe(500);
  });
});

describe('without Express', () => {
  const handle =
    (middleware: RequestHandler, handler: (req: Request, res: ServerResponse) => void) =>
    (req: IncomingMessage, res: ServerResponse): void =>
      void middleware(req as Request, res as Response, (error: unknown) => {
        if (error === undefined) handler(req as Request, res);
        else res.writeHead((error as { status?: number }).status ?? 500).end();
      });

  it('a server of Node has the session', async () => {
    const { sessions } = openEngine();
    const jar = createJar(
      await listen(
        handle(createClassicOn(sessions), (req, res) => {
          req.session.views = (req.session.views ?? 0) + 1;
          res.end(String(req.session.views));
        }),
      ),
    );
    const first = await jar.send('/');
    expect([first.text, first.setCookies.length]).toEqual(['1', 1]);
    expect(await jar.get('/path?query')).toBe('2');
    expect((await jar.post('/')).text).toBe('3');
  });

  it('an upgrade with any object as response has the session, which save stores', async () => {
    const { sessions } = openEngine();
    const middleware = createClassicOn(sessions);
    const app = handle(middleware, (req, res) => {
      if (req.url === '/login') req.session.user = 'ada';
      res.end(JSON.stringify(req.session.note ?? null));
    });
    const server = createServer(app);
    const seen: unknown[] = [];
    server.on('upgrade', (req, socket) => {
      middleware(req as Request, {} as Response, async () => {
        const { session } = req as Request;
        seen.push(session.user ?? null);
        session.note = 'by the socket';
        seen.push(
          await session.save().then(
            () => 'saved',
            (error) => error.code,
          ),
        );
        await session.reload().catch(() => undefined);
        seen.push((req as Request).session.note ?? null);
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      });
    });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const jar = createJar(`http://127.0.0.1:${port}`);
    const upgrade = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ] as const;
    try {
      await jar.post('/login');
      await jar.send('/', { headers: upgrade });
      expect(seen.splice(0)).toEqual(['ada', 'saved', 'by the socket']);
      expect(await jar.get('/')).toBe('"by the socket"');
      // A page of another site opens no socket in the name of the user.
      await jar.send('/', { headers: [...upgrade, ['Origin', 'https://evil.example']] });
      expect(seen.splice(0)).toEqual([null, 'answer_sent', 'by the socket']);
      jar.cookies.clear();
      await jar.send('/', { headers: upgrade });
      expect(seen.splice(0)[1]).toBe('answer_sent');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
