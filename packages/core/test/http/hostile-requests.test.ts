import { Readable } from 'node:stream';
import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, changes, PATIENCE, runs, scaled } from '../../../../test/fuzzing.js';
import type { Exchange } from '../../src/http/exchange.js';
import { createSessionHttp } from '../../src/http/handler.js';
import { readJsonBody } from '../../src/http/node.js';
import type { HttpOptions } from '../../src/http/options.js';
import { createSessions } from '../../src/sessions.js';

/** A request that may say anything, wherever it can. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function toExchange(sent: Sent): Exchange & { readonly written: readonly string[] } {
  const written: string[] = [];
  return {
    written,
    method: sent.method,
    path: sent.path,
    query: sent.query,
    protocol: 'https',
    host: 'api.example.com',
    ip: '::ffff:192.0.2.1',
    header: (name) => sent.headers[name],
    authorization: () => sent.authorization,
    parsedBody: () => undefined,
    readJson: async () => (sent.body === '' ? undefined : (JSON.parse(sent.body) as unknown)),
    setHeader: (name, value) => void written.push(`${name}: ${value}`),
    chooseCaching: (choose) => void written.push(`Cache-Control: ${choose(undefined)}`),
    vary: (names) => void written.push(`Vary: ${names}`),
    setCookie: (name, value) => void written.push(`Set-Cookie: ${name} ${value}`),
  };
}

/** Whoever knows the family holds a token: with a generation that was never issued, its session ends (lost writes). */
function saysOtherGeneration(text: string, refreshToken: string): boolean {
  const countOf = (start: string): number => text.split(start).length;
  return countOf(refreshToken.slice(0, 53)) > countOf(refreshToken.slice(0, 59));
}

/** Somebody who is signed in, and never sends anything wrong. */
async function arrange(options: HttpOptions) {
  const sessions = createSessions({ clock: createFakeClock(), logger: silentLogger });
  const heard: string[] = [];
  for (const name of ['reuse', 'revoked', 'refreshed'] as const)
    sessions.on(name, () => void heard.push(name));
  const issued = await sessions.create({ subject: 'ada', data: { role: 'user' } });
  const http = createSessionHttp(() => sessions, { routes: 'all', jwks: true, ...options });
  return { sessions, issued, http, heard };
}

const lines = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(changes).map((made) => made as readonly ((t: string) => string)[]),
  },
  { weight: 1, arbitrary: fc.array(changes, { maxLength: 3 }) },
);

const place = fc.record({
  method: fc.constantFrom('GET', 'POST', 'POST', 'DELETE', 'HEAD', 'PUT', 'OPTIONS', 'pOsT', ''),
  path: fc.oneof(
    fc
      .constantFrom('refresh', 'logout', 'logout-all', 'logout-others', 'list', '')
      .map((name) => (name === '' ? '/session' : `/session/${name}`)),
    fc.constantFrom('/session/', '/session/__proto__', '/session/constructor', '/SESSION/refresh'),
    changes.map((change) => change('/session/refresh')),
    fc.constant('/me'),
  ),
  query: fc.oneof(fc.constantFrom('', 'access_token=x', 'a=b&access_token='), fc.string()),
});

const source = fc.record(
  {
    'sec-fetch-site': fc.oneof(fc.constantFrom('same-origin', 'cross-site', 'none'), fc.string()),
    origin: fc.oneof(
      fc.constantFrom('https://api.example.com', 'null', 'https://evil.example', 'https://', '://'),
      changes.map((change) => change('https://api.example.com')),
    ),
    'content-type': fc.string(),
    'user-agent': fc.string({ unit: 'binary', maxLength: 2_000 }),
  },
  { requiredKeys: [] },
);

const STATUSES = [200, 204, 400, 401, 403, 404, 405];

describe('a request in which everything was changed a little', () => {
  it.each(['cookie', 'body'] as const)(
    'a mutated request gets a documented status, shows no other session, and ends none: %s',
    async (refreshTransport) => {
      const { sessions, issued, http, heard } = await arrange({ refreshTransport });
      const { accessToken, refreshToken, session } = issued;
      const goodLine = `Bearer ${accessToken}`;
      const goodCookie = `theme=dark; __Host-sess=${refreshToken}; lang=en`;
      const goodBody = JSON.stringify({ refresh_token: refreshToken, a: [{ b: null }] });
      const tally = new Map<number | undefined, number>();

      await fc.assert(
        fc.asyncProperty(
          place,
          source,
          lines,
          changes,
          changes,
          async (where, headers, changeLine, changeCookie, changeBody) => {
            const sent: Sent = {
              ...where,
              authorization: changeLine.map((change) => change(goodLine)),
              headers: { ...headers, cookie: changeCookie(goodCookie) },
              body: changeBody(goodBody),
            };
            // What still says the tokens themselves is no hostile request, but an odd one.
            const says = [...sent.authorization, sent.headers['cookie'], sent.body].join('\n');
            fc.pre(!says.includes(accessToken) && !says.includes(refreshToken));
            fc.pre(!saysOtherGeneration(says, refreshToken));

            const exchange = toExchange(sent);
            const request = http.createRequest(exchange);
            const reply = await http.handle(request, exchange);
            tally.set(reply?.status, (tally.get(reply?.status) ?? 0) + 1);

            expect(request.session).toBeNull();
            if (reply !== undefined) expect(STATUSES).toContain(reply.status);
            const headerLines = [...exchange.written, ...Object.values(reply?.headers ?? {})];
            for (const line of headerLines) expect(line).not.toMatch(/[\r\n\0]/);
            expect(reply?.body ?? '').not.toContain(session.sid);
          },
        ),
        runs(4_000),
      );

      expect(heard).toEqual([]);
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
      // Nothing is shown by requests that all are turned away at the door.
      for (const status of [undefined, 400, 401, 405]) {
        // A few random requests may miss a status by chance, so a short run does not count them.
        const least = Math.floor(scaled(20) / 5);
        expect(tally.get(status) ?? 0, String(status)).toBeGreaterThanOrEqual(least);
      }
    },
    PATIENCE,
  );
});

describe('a body where a refresh token is expected', () => {
  it('a body with any value lets no client in and ends no session without the exact token', async () => {
    const { sessions, issued, http, heard } = await arrange({ refreshTransport: 'body' });
    const value = fc.oneof(
      anyValue,
      fc.record({ refresh_token: anyValue }),
      fc.record({ refresh_token: changes.map((change) => change(issued.refreshToken)) }),
      fc.record({ refresh_token: fc.constant([issued.refreshToken]) }),
      fc.constant(
        JSON.parse(`{"__proto__":{"refresh_token":"${issued.refreshToken}"}}`) as unknown,
      ),
    );
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom('refresh', 'logout'), async (body, name) => {
        const given = (body as { readonly refresh_token?: unknown } | null | undefined)
          ?.refresh_token;
        fc.pre(given !== issued.refreshToken);
        fc.pre(typeof given !== 'string' || !saysOtherGeneration(given, issued.refreshToken));
        const sent = { method: 'POST', path: `/session/${name}`, query: '', authorization: [] };
        const exchange = { ...toExchange({ ...sent, headers: {}, body: '' }) };
        const reply = await http.handle(http.createRequest(exchange), {
          ...exchange,
          readJson: async () => body,
        });
        expect(reply?.status).toBe(name === 'logout' ? 204 : 401);
      }),
      runs(1_500),
    );
    expect(heard).toEqual([]);
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
  });

  it('a body of any bytes in any pieces is read, or refused as not JSON, not UTF-8, or too long', async () => {
    const good = Buffer.from(JSON.stringify({ refresh_token: 'srt_x', a: ['👩‍💻', 1e-7] }));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      changes.map((change) => Buffer.from(change(good.toString()))),
      fc.nat(good.length).map((length) => good.subarray(0, length)),
      fc.nat(60_000).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 50_000 }), async (body, size) => {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < body.length; at += size) pieces.push(body.subarray(at, at + size));
        const error = await readJsonBody(Readable.from(pieces)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== undefined)
          expect((error as Error).name).toMatch(/^(Syntax|Type|Range)Error$/);
      }),
      runs(500),
    );
  });
});
