import { request as sendRaw } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { Express, RequestHandler, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { createGate, FACES, FRAMEWORKS, openApp } from './help.js';

const FILE = fileURLToPath(new URL('./tsconfig.json', import.meta.url));

/** Ways to send a response of a request that has written to the session, and what the client gets. */
const RESPONSES: readonly (readonly [
  string,
  (res: Response, req: Parameters<RequestHandler>[0]) => unknown,
  string | RegExp,
])[] = [
  ['end', (res) => res.end(), ''],
  ['end with a text', (res) => res.end('done'), 'done'],
  ['end with null', (res) => res.end(null), ''],
  ['end with an encoding', (res) => res.end('646f6e65', 'hex'), 'done'],
  ['end with a buffer', (res) => res.end(Buffer.from('done')), 'done'],
  ['end with a callback', (res) => res.end('done', () => undefined), 'done'],
  [
    'end twice',
    (res) => {
      res.end('done');
      res.end('more');
    },
    'done',
  ],
  ['a status', (res) => res.sendStatus(202), 'Accepted'],
  ['send', (res) => res.send('done'), 'done'],
  ['send with a buffer', (res) => res.send(Buffer.from('done')), 'done'],
  ['json', (res) => res.json({ done: true }), '{"done":true}'],
  ['a redirect', (res) => res.redirect('/'), 'Found. Redirecting to /'],
  ['a redirect with 303', (res) => res.redirect(303, '/'), 'See Other. Redirecting to /'],
  ['a length of zero', (res) => res.set('Content-Length', '0').end(), ''],
  ['a length, and end', (res) => res.set('Content-Length', '4').end('done'), 'done'],
  [
    'write and end',
    (res) => {
      res.write('do');
      res.end('ne');
    },
    'done',
  ],
  ['write with a callback, and end', (res) => res.write('do', () => res.end('ne')), 'done'],
  [
    'write with an encoding, and end',
    (res) => {
      res.write('646f', 'hex');
      res.end('ne');
    },
    'done',
  ],
  [
    'a length, write and end',
    (res) => {
      res.set('Content-Length', '4');
      res.write('do');
      res.end('ne');
    },
    'done',
  ],
  ['writeHead and end', (res) => res.writeHead(200, { 'X-Own': '1' }).end('done'), 'done'],
  [
    'writeHead with a list',
    (res) => res.writeHead(200, 'Fine', ['X-Own', '1', 'X-More', '2']).end('done'),
    'done',
  ],
  [
    'writeHead, write and end',
    (res) => {
      res.writeHead(200, { 'X-Own': '1' });
      res.write('do');
      res.end('ne');
    },
    'done',
  ],
  [
    'flushHeaders and end',
    (res) => {
      res.flushHeaders();
      res.end('done');
    },
    'done',
  ],
  ['a stream', (res) => Readable.from(['do', 'ne']).pipe(res), 'done'],
  ['a pipeline', (res) => pipeline(Readable.from(['do', 'ne']), res), 'done'],
  [
    'a long stream',
    (res) => Readable.from(Array.from({ length: 200 }, () => 'x'.repeat(10_000))).pipe(res),
    /^x{2000000}$/,
  ],
  ['a file', (res) => res.sendFile(FILE), /"extends"/],
  [
    'a part of a file',
    (res, req) => {
      req.headers.range = 'bytes=0-0';
      res.sendFile(FILE);
    },
    '{',
  ],
  ['a download', (res) => res.download(FILE), /"extends"/],
  ['a late end', (res) => setImmediate(() => res.end('done')), 'done'],
  [
    'an end after writes on several turns',
    (res) => {
      res.write('d');
      setImmediate(() => {
        res.write('on');
        setImmediate(() => res.end('e'));
      });
    },
    'done',
  ],
];

/** The handler under test at `/set`, and the session at `/`. */
function mountFor(respond: (res: Response, req: Parameters<RequestHandler>[0]) => unknown) {
  return (app: Express): void => {
    app.get('/set', (req, res, next) => {
      req.session.note = { late: false };
      void Promise.resolve(respond(res, req)).catch(next);
    });
    app.get('/', (req, res) => void res.json(req.session.note ?? null));
  };
}

describe.each(FACES)('%s: a response', (_name, createFace) => {
  it.each(RESPONSES)(
    'arrives whole, with the cookie, after the session is stored: %s',
    async (_how, respond, text) => {
      const jar = await openApp(createFace().middleware, mountFor(respond));
      const answer = await jar.send('/set');
      if (typeof text === 'string') expect(answer.text).toBe(text);
      else expect(answer.text).toMatch(text);
      expect(answer.setCookies).toHaveLength(1);
      expect(await jar.get('/')).toBe('{"late":false}');
      // The session has a cookie by now, and is changed in a second request.
      expect((await jar.send('/set')).text).toBe(answer.text);
      expect(await jar.get('/')).toBe('{"late":false}');
    },
  );

  it('to HEAD has the cookie and no body', async () => {
    const jar = await openApp(
      createFace().middleware,
      mountFor((res) => res.send('done')),
    );
    const answer = await jar.send('/set', { method: 'HEAD' });
    expect([answer.status, answer.text, answer.setCookies.length]).toEqual([200, '', 1]);
    expect(answer.headers['content-length']).toBe('4');
    expect(await jar.get('/')).toBe('{"late":false}');
  });

  it('of 304 keeps what was written', async () => {
    const jar = await openApp(
      createFace().middleware,
      mountFor((res) => res.set('ETag', '"1"').send('done')),
    );
    const answer = await jar.send('/set', { headers: [['If-None-Match', '"1"']] });
    expect([answer.status, answer.text, answer.setCookies.length]).toEqual([304, '', 1]);
    expect(await jar.get('/')).toBe('{"late":false}');
  });

  it.each([
    ['an error', 500, (_res: Response) => Promise.reject(new Error('of the handler'))],
    ['404', 404, (res: Response) => res.sendStatus(404)],
  ])('with %s keeps what was written', async (_kind, status, respond) => {
    const jar = await openApp(createFace().middleware, mountFor(respond));
    expect((await jar.send('/set')).status).toBe(status);
    expect(await jar.get('/')).toBe('{"late":false}');
  });

  it('keeps cookies of the application, set before and in writeHead', async () => {
    const jar = await openApp(
      createFace().middleware,
      mountFor((res) => {
        res.cookie('before', '1');
        res.writeHead(200, {
          'Set-Cookie': [...([res.getHeader('Set-Cookie')].flat() as string[]), 'within=2'],
        });
        res.end();
      }),
    );
    await jar.send('/set');
    expect([...jar.cookies.keys()]).toEqual(expect.arrayContaining(['before', 'within']));
    expect(await jar.get('/')).toBe('{"late":false}');
  });

  it('is not held when nothing changed: the head arrives before the end', async () => {
    const gate = createGate();
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/', (req, res) => {
        void req.session.note;
        res.write('first');
        void gate.opened.then(() => res.end('last'));
      });
    });
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = sendRaw(jar.url, (incoming) => {
        let got = '';
        incoming.on('data', (chunk: Buffer) => {
          got += chunk.toString();
          if (got === 'first') gate.open();
        });
        incoming.on('end', () => resolve(got));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
    expect(text).toBe('firstlast');
  });

  it('ends when what was written after the head is stored', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/set', (req, res) => {
        res.write('first');
        req.session.note = 2;
        res.end('last');
      });
      app.get('/', (req, res) => void res.json(req.session.note ?? null));
    });
    await jar.get('/first');
    expect(await jar.get('/set')).toBe('firstlast');
    expect(await jar.get('/')).toBe('2');
  });

  it('works with a middleware that wraps write and end, before or after', async () => {
    /** Writes capitals, by methods that it wraps. */
    const capitals: RequestHandler = (_req, res, next) => {
      const { write, end } = res;
      const convert = (chunk: unknown) => (typeof chunk === 'string' ? chunk.toUpperCase() : chunk);
      res.write = ((chunk: unknown) => write.call(res, convert(chunk), 'utf8')) as typeof write;
      res.end = ((chunk: unknown) => end.call(res, convert(chunk), 'utf8')) as typeof end;
      next();
    };
    const face = createFace().middleware;
    const handler: RequestHandler = (req, res) => {
      req.session.note = 1;
      res.write('do');
      res.end('ne');
    };
    const before = await openApp(capitals, (app) => app.use(face, handler));
    expect(await before.get('/')).toBe('DONE');
    const after = await openApp(face, (app) => app.use(capitals, handler));
    expect(await after.get('/')).toBe('DONE');
  });

  it('works with a middleware that compresses', async () => {
    const { createGzip, gunzipSync } = await import('node:zlib');
    /** As packages for compression do it: the body goes through a stream. */
    const compress: RequestHandler = (_req, res, next) => {
      const write = res.write.bind(res);
      const end = res.end.bind(res);
      const gzip = createGzip();
      gzip.on('data', (chunk: Buffer) => {
        if (!write(chunk)) gzip.pause();
      });
      gzip.on('end', () => end());
      res.on('drain', () => gzip.resume());
      res.write = ((chunk: string) => gzip.write(chunk)) as typeof res.write;
      res.end = ((chunk?: string) => {
        gzip.end(chunk);
        return res;
      }) as typeof res.end;
      next();
    };
    const big = 'text '.repeat(50_000);
    const jar = await openApp(createFace().middleware, (app) => {
      app.use(compress);
      app.get('/set', (req, res) => {
        req.session.note = 1;
        res.write(big);
        res.end(big);
      });
    });
    const answer = await fetch(new URL('/set', jar.url));
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    const body = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString();
    expect(body === big + big).toBe(true);
  });

  it('that the client gave up still stores the session', async () => {
    const closed = createGate();
    const done = createGate();
    const face = createFace();
    const jar = await openApp(face.middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/slow', async (req, res) => {
        res.on('close', () => closed.open());
        outgoing.destroy();
        await closed.opened;
        req.session.note = 2;
        res.end('never read');
        done.open();
      });
      app.get('/', (req, res) => void res.json(req.session.note ?? null));
    });
    await jar.get('/first');
    const [[name = '', value = ''] = []] = [...jar.cookies];
    const headers = { cookie: `${name}=${value}` };
    const outgoing = sendRaw(new URL('/slow', jar.url), { headers });
    outgoing.on('error', () => undefined);
    outgoing.end();
    await done.opened;
    await expect.poll(() => jar.get('/')).toBe('2');
  });
});

describe.each(FRAMEWORKS)('%s: a response', (_name, framework) => {
  it.each(FACES)(
    'a redirect leads to a page that has the session: %s',
    async (_face, createFace) => {
      const jar = await openApp(
        createFace().middleware,
        mountFor((res) => res.redirect('/')),
        framework,
      );
      for (let round = 0; round < 5; round += 1) {
        expect((await jar.send('/set')).status).toBe(302);
        expect(await jar.get('/')).toBe('{"late":false}');
      }
    },
  );
});
