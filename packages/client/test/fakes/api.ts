/** A request as it would have gone out. */
export interface Sent {
  readonly path: string;
  readonly url: string;
  readonly method: string;
  readonly token: string | undefined;
  readonly headers: Headers;
  readonly body: string;
}

type Answer = (request: Request) => Response | Promise<Response>;

/** The network's edge: what a server says, and what it was asked. */
export interface FakeApi {
  readonly fetch: typeof fetch;
  readonly sent: readonly Sent[];
  /** Access tokens that are accepted. */
  readonly accepted: Set<string>;
  /** Whether the cookie jar holds a refresh token that is accepted. */
  hasCookie: boolean;
  /** Answers the next requests of a path instead, in turn. */
  next(path: string, ...answers: readonly Answer[]): void;
  countOf(path: string): number;
  /**
   * Signs in at the server. Returns the response for `client.start`: with a user, an opaque token of a new session of
   * that user, which renewals continue; without one, a token that shows no session.
   */
  issue(user?: string): { readonly access_token: string; readonly expires_in: number };
}

export const BASE = 'https://api.test';

/** Returns a session id: the first half stands for the user, as the digest of the subject does. */
export function sidOf(user: string, session: number): string {
  return user.padEnd(16, '-') + `${session}`.padStart(16, '0');
}

export function problem(status: number, code: string | undefined, challenge?: string): Response {
  return new Response(code === undefined ? 'no JSON' : JSON.stringify({ status, code }), {
    status,
    headers: challenge === undefined ? {} : { 'WWW-Authenticate': challenge },
  });
}

export function networkFault(): Promise<Response> {
  return Promise.reject(new TypeError('fetch failed'));
}

/** Answers nothing until the caller gives up. */
export function silence(request: Request): Promise<Response> {
  return new Promise((_resolve, reject) => {
    request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
  });
}

export function createFakeApi(life = 900): FakeApi {
  const sent: Sent[] = [];
  const accepted = new Set<string>();
  const nexts = new Map<string, Answer[]>();
  let issued = 0;
  let sid: string | undefined;

  function issue(user?: string) {
    if (user !== undefined) sid = sidOf(user, issued + 1);
    return renew();
  }

  function renew() {
    issued += 1;
    const token = sid === undefined ? `t${issued}` : `sat_${sid}.${issued}`;
    accepted.add(token);
    api.hasCookie = true;
    return { access_token: token, expires_in: life };
  }

  const routes: Readonly<Record<string, Answer>> = {
    '/session/refresh': () =>
      api.hasCookie ? Response.json(renew()) : problem(401, 'refresh_token_missing', 'Bearer'),
    '/session/logout': () => {
      api.hasCookie = false;
      accepted.clear();
      return new Response(null, { status: 204 });
    },
    '/session/logout-all': () => {
      api.hasCookie = false;
      accepted.clear();
      return Response.json({ revoked: 3 });
    },
  };

  function guarded(token: string | undefined): Response {
    if (token === undefined) return problem(401, 'session_required', 'Bearer');
    if (accepted.has(token)) return Response.json({ ok: true });
    return problem(401, 'invalid_token', 'Bearer error="invalid_token"');
  }

  const api: FakeApi = {
    sent,
    accepted,
    hasCookie: false,
    issue,
    next: (path, ...answers) => void nexts.set(path, [...(nexts.get(path) ?? []), ...answers]),
    countOf: (path) => sent.filter((request) => request.path === path).length,
    async fetch(input, init) {
      const request = new Request(input, init);
      request.signal.throwIfAborted();
      const { pathname: path } = new URL(request.url);
      const { url, method, headers } = request;
      const token = headers.get('Authorization')?.replace(/^Bearer /, '');
      const body = await request.clone().text();
      sent.push({ path, url, method, headers, token, body });
      const answer = nexts.get(path)?.shift() ?? routes[path] ?? (() => guarded(token));
      return answer(request);
    },
  };
  return api;
}
