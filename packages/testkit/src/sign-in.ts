import type { CreateInput, RegisteredData, Session, Sessions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import { createRefreshCookie } from '@sess/core/internal';

/** A user who is signed in, with what a request of theirs carries. */
export interface SignedIn<Data extends object = RegisteredData> {
  readonly session: Session<Data>;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The headers of a request with the access token: `fetch(url, { headers })`. */
  readonly headers: { readonly authorization: string };
  /** The headers of a request to the refresh and logout routes. */
  readonly cookieHeaders: { readonly cookie: string };
}

/** Settings of the application that {@link signIn} follows. */
export interface SignInOptions {
  /** The `cookie` option of the application's `sessionMiddleware`. Default: its default, so `__Host-sess`. */
  readonly cookie?: HttpOptions['cookie'];
}

/**
 * Creates a session without the sign-in route of the application, for tests of what lies behind it.
 *
 * @param input what `sessions.create` takes
 * @throws {UsageError} `invalid_option` if the middleware would refuse `cookie`
 */
export async function signIn<Data extends object = RegisteredData>(
  sessions: Sessions<Data>,
  input: CreateInput<NoInfer<Data>>,
  { cookie }: SignInOptions = {},
): Promise<SignedIn<Data>> {
  const { name } = createRefreshCookie(cookie);
  const { session, accessToken, refreshToken } = await sessions.create(input);
  return {
    session,
    accessToken,
    refreshToken,
    headers: { authorization: `Bearer ${accessToken}` },
    cookieHeaders: { cookie: `${name}=${refreshToken}` },
  };
}
