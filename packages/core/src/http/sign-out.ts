import type { HttpRequest } from './http-request.js';

/** The number of cookies of one name of which a sign-out ends the sessions. */
const MAX_COOKIES = 8;

/** Ends the session of a genuine access token. Returns `false` if it ended no session. */
export async function endByAccessToken<Data extends object>({
  http,
  credentials: { token },
}: HttpRequest<Data>): Promise<boolean> {
  return token !== undefined && http.sessions.end({ accessToken: token });
}

/** Ends the sessions of the genuine tokens in a request's headers, and of the one in its body. */
export async function endPresented<Data extends object>(
  request: HttpRequest<Data>,
  bodyToken?: string,
): Promise<void> {
  await request.openOld(bodyToken)?.end();
  const tokens = request.presentedTokens(bodyToken);
  if (tokens.refreshToken !== undefined || tokens.accessToken !== undefined) {
    await request.http.sessions.end(tokens);
  }
  await endDuplicates(request);
}

/** Ends the sessions of all cookies of the name, if there are several. */
export async function endDuplicates<Data extends object>({
  http,
  cookie,
}: HttpRequest<Data>): Promise<void> {
  const read = cookie.read();
  if (read?.kind !== 'duplicate') return;
  for (const value of read.values.slice(0, MAX_COOKIES)) {
    await http.sessions.end({ refreshToken: value });
  }
}
