import { type Exchange, headerLines, pathOf, readBodyText, WebExchange } from '@sess/core/http';
import type { Context } from 'hono';
import { setVariable } from './context.js';

/** Returns the client's address, or `undefined` if it is not known. */
export type ClientIp = (c: Context) => string | undefined;

/** The value of `c.env` on `@hono/node-server`; other runtimes have other values, or none. */
interface NodeBindings {
  readonly incoming?: {
    readonly rawHeaders?: readonly string[];
    readonly socket?: { readonly remoteAddress?: string };
  };
}

/** The methods of a context that create responses. `redirect` and `render` call these. */
const MAKERS = ['newResponse', 'body', 'text', 'json', 'html'] as const;

type Make = (...parameters: readonly unknown[]) => unknown;

/** A Hono context as an exchange. */
export class HonoExchange extends WebExchange implements Exchange {
  readonly path: string;
  readonly #c: Context;
  readonly #clientIp: ClientIp | undefined;
  #form: object | undefined;
  /** The last response that the context has made: it belongs to this request. */
  #made: unknown;

  constructor(c: Context, clientIp: ClientIp | undefined) {
    super(c.req, 'c.var.sessions');
    this.#c = c;
    this.#clientIp = clientIp;
    // Read now, because it follows the current handler. The function of `hono/route` fails with two copies of hono,
    // which an application in CommonJS has.
    this.path = pathBelow(c.req.routePath, routedPath(c));
  }

  get ip(): string | undefined {
    return (this.#clientIp ?? socketAddress)(this.#c);
  }

  header(name: string): string | undefined {
    return this.#c.req.header(name);
  }

  override authorization(): readonly string[] {
    const value = this.header('authorization');
    if (value === undefined) return [];
    const lines = headerLines(nodeRequest(this.#c)?.rawHeaders ?? [], 'authorization');
    // No raw lines: the runtime has none, or a middleware has set the header.
    if (lines.length === 0) return super.authorization();
    return lines.length > 1 ? lines : [value];
  }

  parsedBody(): unknown {
    return this.#form;
  }

  settleBody(): Promise<void> | undefined {
    const { formData } = this.#c.req.bodyCache;
    // Typed as FormData, but it is a promise unless a validator has replaced it.
    return (
      formData &&
      Promise.resolve(formData).then((form) => {
        this.#form = Object.fromEntries(form as Iterable<readonly [string, unknown]>);
      })
    );
  }

  async readJson(): Promise<unknown> {
    const { req } = this.#c;
    if (this.#form !== undefined) return this.#form;
    const isKept = Object.keys(req.bodyCache).length > 0;
    if (!isKept && req.raw.bodyUsed) {
      throw new Error('The body was read by a parser that kept nothing of it.');
    }
    const text = isKept
      ? await req.text()
      : await readBodyText(req.raw.body as AsyncIterable<Uint8Array> | null);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  onSession(session: object | null): void {
    setVariable(this.#c, 'session', session);
  }

  /** Returns the response of a session route with the headers, after which no more can be set. */
  applyTo(response: Response): Response {
    this.#hold();
    return this.apply(response);
  }

  /** Sets the headers on the application's response, after which no more can be set. */
  finish(): void {
    this.#hold();
    // Reading it sets the headers, so that they come before those of outer middlewares.
    if (this.#c.finalized) void this.#c.res;
  }

  /**
   * Sets the headers whenever the response of the context is read, which Hono does last of all. So they hold although
   * middlewares that are mounted before this one may still change the response.
   */
  #hold(): void {
    if (!this.close()) return;
    const c: Holding = this.#c;
    const held = c[HELD];
    if (held !== undefined) {
      held.exchanges.push(this);
      return;
    }
    // On the context itself if another copy of this package holds the response, too.
    const own = Object.getOwnPropertyDescriptor(c, 'res');
    const { get, set } = (own ??
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(c), 'res')) as Pick<
      Held,
      'get' | 'set'
    >;
    c[HELD] = { get, set, exchanges: [this] };
    Object.defineProperty(c, 'res', HELD_RESPONSE);
  }

  /** Returns the response with the headers: itself, or a copy. */
  apply(response: Response): Response {
    // A copy is a stream, which takes the server longer to send than all of a verification. With a cookie there is a
    // copy nevertheless, because a response that the application kept would give it to other users.
    if (response === this.#made && !this.hasCookie) {
      this.change(response.headers);
      return response;
    }
    const headers = new Headers(response.headers);
    this.change(headers);
    if (isSame(headers, response.headers)) return response;
    // A copy: headers may be immutable, and an application may return one Response for several requests.
    const { status, statusText, body } = response;
    return new Response(body, { status, statusText, headers });
  }

  /** Notes which response the context makes from now on. */
  protected override onFirstChange(): void {
    const makers = this.#c as unknown as Record<(typeof MAKERS)[number], Make>;
    const note = (made: unknown): unknown => {
      this.#made = made;
      return made;
    };
    for (const name of MAKERS) {
      const make = makers[name];
      // By a variable, as in `attach`: a literal would keep each context alive.
      const makeNoted: Make = (...parameters) => {
        const made = make.call(this.#c, ...parameters);
        return made instanceof Promise ? made.then(note) : note(made);
      };
      makers[name] = makeNoted;
    }
  }
}

const HELD: unique symbol = Symbol('held response');

/** The accessors of `c.res` before a response was held, and the exchanges that hold it. */
interface Held {
  readonly get: (this: Context) => Response;
  readonly set: (this: Context, response: Response | undefined) => void;
  readonly exchanges: HonoExchange[];
}

type Holding = Context & { [HELD]?: Held };

/** One descriptor for all requests: with separate functions, each request would get a new hidden class. */
const HELD_RESPONSE: PropertyDescriptor = {
  configurable: true,
  get(this: Context & { readonly [HELD]: Held }) {
    const { get, set, exchanges } = this[HELD];
    const response = get.call(this);
    // The application has written to the socket itself, and a copy would be written too.
    if (!this.finalized || response.headers.has('x-hono-already-sent')) return response;
    const changed = exchanges.reduce((held, exchange) => exchange.apply(held), response);
    if (changed !== response) {
      // Without this, Hono would merge the headers of the replaced response into the new one.
      set.call(this, undefined);
      set.call(this, changed);
    }
    return changed;
  },
  set(this: Context & { readonly [HELD]: Held }, response: Response | undefined) {
    this[HELD].set.call(this, response);
  },
};

function isSame(one: Headers, other: Headers): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}

/**
 * Returns the path below the place where a middleware is mounted: `/session` of `/api/session` at `/api/*`. Segments
 * are counted, because they may be parameters. Without a wildcard, the path is returned unchanged.
 */
function pathBelow(route: string, path: string): string {
  if (route === '/*' || !route.endsWith('/*')) return path;
  // A pattern in braces may contain slashes.
  const depth = route.replace(/\{[^}]*\}/g, '').split('/').length - 1;
  return `/${path.split('/').slice(depth).join('/')}`;
}

/**
 * Returns the path that Hono routes by, which `getPath` may have derived from the host or cut. Percent encodings stay,
 * although Hono decodes them.
 */
function routedPath({ req }: Context): string {
  const path = pathOf(req.url);
  return req.path === path || (path.includes('%') && isDecoded(path, req.path)) ? path : req.path;
}

function isDecoded(path: string, decoded: string): boolean {
  try {
    return decodeURI(path) === decoded;
  } catch {
    // A malformed encoding, which Hono leaves in the path.
    return true;
  }
}

/** Node's request on `@hono/node-server`. */
function nodeRequest({ env }: Context): NodeBindings['incoming'] {
  return (env as NodeBindings | undefined)?.incoming;
}

/** The other end of the connection: the client, or the proxy before it. */
const socketAddress: ClientIp = (c) => nodeRequest(c)?.socket?.remoteAddress;
