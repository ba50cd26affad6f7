import { type Exchange, pathOf, type Reply, readBodyText, WebExchange } from '@sess/core/http';

/** A request, alone or as a framework shows it: with the address of its client, which the list of devices shows. */
export type RequestSource =
  | Request
  | { readonly request: Request; readonly ip?: string | undefined };

/** A request, or its headers alone, as server components of Next.js get them. */
export type ReadSource = Request | Pick<Headers, 'get'>;

/** Longer forms are not looked into. */
const MAX_FORM_BYTES = 102_400;

/** A `Request` and the headers of its response, as an exchange. */
export class RequestExchange extends WebExchange implements Exchange {
  readonly path: string;
  readonly ip: string | undefined;
  readonly #request: Request;
  #form: object | undefined;

  constructor(source: RequestSource) {
    // By what only a request has: the request of Next.js has a member `request`, which throws.
    const { request, ip } = 'headers' in source ? { request: source, ip: undefined } : source;
    super(request, 'sessions');
    this.#request = request;
    this.path = pathOf(request.url);
    this.ip = ip;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  parsedBody(): unknown {
    return this.#form;
  }

  /** A `Request` has no place for a parsed body. So a copy of a form is read where it may hold a second token. */
  settleBody(): Promise<void> | undefined {
    const length = Number(this.header('content-length'));
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(this.header('content-type') ?? '');
    const isRead = isForm && length <= MAX_FORM_BYTES && this.header('authorization') !== undefined;
    if (!isRead || this.#form !== undefined || this.#request.bodyUsed) return undefined;
    return this.#request
      .clone()
      .text()
      .then((text) => {
        this.#form = Object.fromEntries(new URLSearchParams(text));
      });
  }

  async readJson(): Promise<unknown> {
    if (this.#request.bodyUsed) throw new Error('The body was read by the application.');
    const text = await readBodyText(this.#request.body as AsyncIterable<Uint8Array> | null);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  /** Returns the response to the request with the headers, after which no more can be set. */
  applyTo<Result extends Response | undefined>(response: Result): Response | Result {
    // A socket that changes its protocol, or an error of the network, has no headers that could be set.
    if (!this.close() || response === undefined || response.status < 200) return response;
    // A copy: headers may be immutable, and an application may return one Response for several requests.
    const headers = new Headers(response.headers);
    this.change(headers);
    const { status, statusText, body } = response;
    return new Response(body, { status, statusText, headers });
  }
}

/** A request of which only the session is read. Its path is that of no route, and its response headers are not used. */
export class ReadExchange extends WebExchange implements Exchange {
  readonly isReadOnly = true;
  readonly path = '';
  readonly ip = undefined;
  readonly #headers: Pick<Headers, 'get'>;
  readonly #host: string | undefined;

  constructor(source: ReadSource) {
    // By what only headers have: those of Next.js have a member `headers`.
    const isWhole = !('get' in source);
    const headers = isWhole ? source.headers : source;
    const isSending = SENDING.some((name) => headers.get(name) !== null);
    super(
      isWhole ? source : { method: isSending ? 'POST' : 'GET', url: 'http://host/' },
      'sessions',
    );
    this.#headers = headers;
    this.#host = isWhole ? undefined : (headers.get('host') ?? undefined);
  }

  override get host(): string {
    return this.#host ?? super.host;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  parsedBody(): undefined {}

  readJson(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** Headers by which a browser shows that a request is not a plain GET (Fetch, section 3.2; RFC 9110, section 8.6). */
const SENDING = ['origin', 'content-type', 'content-length', 'transfer-encoding'];

/** Returns a reply as a response. */
export function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body ?? null, {
    status,
    headers: {
      ...headers,
      // Set here, so that HEAD has it too.
      ...(body === undefined
        ? {}
        : { 'Content-Length': `${new TextEncoder().encode(body).length}` }),
    },
  });
}
