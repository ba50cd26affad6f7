import type { CreateInput, RegisteredData, Session, Sessions } from '@sess/core';

/** Someone who is signed in, as a request of theirs would show it. */
export interface SignedIn<Data extends object = RegisteredData> {
  readonly session: Session<Data>;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** For requests with the access token: `fetch(url, { headers })`. */
  readonly headers: { readonly authorization: string };
  /** For requests to the refresh and logout routes, under the default name of the cookie. */
  readonly cookieHeaders: { readonly cookie: string };
}

/** Signs someone in without going through the application's own route, for tests of what lies behind it. */
export async function signIn<Data extends object = RegisteredData>(
  sessions: Sessions<Data>,
  input: CreateInput<Data>,
): Promise<SignedIn<Data>> {
  const { session, accessToken, refreshToken } = await sessions.create(input);
  return {
    session,
    accessToken,
    refreshToken,
    headers: { authorization: `Bearer ${accessToken}` },
    cookieHeaders: { cookie: `__Host-sess=${refreshToken}` },
  };
}
