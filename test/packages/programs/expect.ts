/** Copied beside each program; uses no types of a platform. */
export function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`Expected: ${what}`);
}

interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  json(): Promise<unknown>;
}

interface Request {
  method: string;
  headers: Record<string, string>;
  body?: string;
}

/**
 * Signs in, calls a guarded route with and without a token, refreshes and signs out; the same for every framework.
 */
export async function walk(
  send: (path: string, request: Request) => Answer | Promise<Answer>,
): Promise<void> {
  const post = (path: string, headers: Record<string, string>, body?: string) =>
    send(path, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
  const me = (token: string) =>
    send('/me', { method: 'GET', headers: { authorization: `Bearer ${token}` } });
  const tokenOf = async (answer: Answer) =>
    ((await answer.json()) as { access_token: string }).access_token;
  const cookieOf = (answer: Answer) => answer.headers.get('set-cookie')?.split(';')[0] ?? '';

  const bare = await send('/me', { method: 'GET', headers: {} });
  expect(bare.status === 401, `GET /me without a token returns 401, not ${bare.status}`);

  const login = await post('/login', { 'content-type': 'application/json' }, '{"user":"ada"}');
  expect(login.status === 200, `POST /login returns 200, not ${login.status}`);
  expect(cookieOf(login).startsWith('__Host-sess='), 'POST /login sets the cookie');
  const first = await me(await tokenOf(login));
  expect(first.status === 200, `GET /me returns 200, not ${first.status}`);
  expect(((await first.json()) as { handle?: string }).handle === 'Ada', 'the data is there');

  const refresh = await post('/session/refresh', { cookie: cookieOf(login) });
  expect(refresh.status === 200, `POST /session/refresh returns 200, not ${refresh.status}`);
  const token = await tokenOf(refresh);
  const out = await post('/session/logout', { cookie: cookieOf(refresh) });
  expect(out.status === 204, `POST /session/logout returns 204, not ${out.status}`);
  const after = await me(token);
  expect(after.status === 401, `GET /me after the logout returns 401, not ${after.status}`);
}
