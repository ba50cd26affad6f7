/** A response with its complete body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly setCookies: readonly string[];
  readonly text: string;
  /** The JSON of the body, or an empty object if the body is not JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Sending {
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client over real sockets that keeps cookies as a browser does. */
export class Client {
  /** Cookies by name. Tests restore earlier ones. */
  readonly jar: Map<string, string> = new Map<string, string>();
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async send(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const { token, json } = sending;
    const headers = new Headers(sending.headers);
    if (this.jar.size > 0) headers.set('Cookie', [...this.jar].map((p) => p.join('=')).join('; '));
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    if (json !== undefined) headers.set('Content-Type', 'application/json');
    const body = json === undefined ? sending.body : JSON.stringify(json);
    const response = await fetch(this.#base + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const setCookies = response.headers.getSetCookie();
    for (const cookie of setCookies) this.#keep(cookie);
    return {
      status: response.status,
      headers: response.headers,
      setCookies,
      text,
      json: parse(text),
    };
  }

  /** Signs in and returns the access token. */
  async signIn(user: string, device?: string): Promise<string> {
    const answer = await this.send('POST', '/login', { json: { user, device } });
    return accessTokenOf(answer);
  }

  #keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split('; ');
    const name = pair.slice(0, pair.indexOf('='));
    if (attributes.includes('Max-Age=0')) this.jar.delete(name);
    else this.jar.set(name, pair.slice(name.length + 1));
  }
}

export function accessTokenOf({ status, json, text }: Answer): string {
  const token = json['access_token'];
  if (status === 200 && typeof token === 'string') return token;
  throw new TypeError(`No access token: ${status} ${text}`);
}

function parse(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json'];
  } catch {
    return {};
  }
}
