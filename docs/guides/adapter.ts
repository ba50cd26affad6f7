import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { getSessions } from '@sess/core';
import {
  applyCaching,
  beforeHead,
  createGuard,
  createSessionHttp,
  type Exchange,
  mergeSetCookie,
  mergeVary,
  type Reply,
  readAuthorization,
  readJsonBody,
  replyToError,
} from '@sess/core/http';

function createExchange(req: IncomingMessage, res: ServerResponse): Exchange {
  const [path = '/', query = ''] = (req.url ?? '/').split('?', 2);
  const changes: (() => void)[] = [];
  // Repeated right before the head is sent, because the application may set the same headers in between.
  function hold(change: () => void): void {
    if (res.headersSent) return;
    change();
    atHead(change);
  }
  function atHead(change: () => void): void {
    if (res.headersSent || changes.push(change) > 1) return;
    beforeHead(res, () => {
      for (const repeat of changes) repeat();
    });
  }
  return {
    method: req.method ?? 'GET',
    path,
    query,
    protocol: 'http',
    host: req.headers.host,
    ip: req.socket.remoteAddress,
    header: (name) => req.headers[name]?.toString(),
    authorization: () => readAuthorization(req),
    parsedBody: () => undefined,
    readJson: () => readJsonBody(req),
    setHeader: (name, value) => hold(() => res.setHeader(name, value)),
    chooseCaching: (choose) => atHead(() => applyCaching(res, choose)),
    vary: (names) =>
      hold(() => res.setHeader('Vary', mergeVary(res.getHeader('Vary')?.toString(), names))),
    setCookie: (name, line) =>
      hold(() => {
        const present = [res.getHeader('Set-Cookie') ?? []].flat().map(String);
        res.setHeader('Set-Cookie', mergeSetCookie(present, name, line));
      }),
  };
}

function send(res: ServerResponse, { status, headers, body }: Reply): void {
  res.writeHead(status, headers).end(body);
}

const http = createSessionHttp(() => getSessions(), { routes: 'all' });
const anySession = createGuard();

const server = createServer(async (req, res) => {
  try {
    const exchange = createExchange(req, res);
    const request = http.createRequest(exchange);
    // Returns a reply for session routes. For other routes it verifies the access token.
    const reply = await http.handle(request, exchange);
    if (reply !== undefined) return send(res, reply);

    if (req.method === 'POST' && exchange.path === '/login') {
      const { user } = (await exchange.readJson()) as { user: string };
      res.end(JSON.stringify(await request.start({ subject: user })));
    } else if (exchange.path === '/me') {
      const refusal = await anySession(request);
      if (refusal !== undefined) return send(res, refusal);
      res.end(JSON.stringify(request.session));
    } else {
      res.writeHead(404).end();
    }
  } catch (error) {
    send(res, replyToError(error) ?? { status: 500, headers: {} });
  }
});

server.listen(process.env.PORT ?? 3000);
