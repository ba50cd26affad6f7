import { UsageError } from '@sess/core';
import { type Exchange, mergeSetCookie, mergeVary } from '@sess/core/http';
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { splitAuthorization } from './authorization.js';
import { readText } from './body.js';
import { pathBelow } from './mount.js';
import { type ClientIp, rawLines, socketAddress } from './node-request.js';
import { pathOf } from './url.js';

/** A Hono context as the protocol sees it. Response headers are kept until there is a response to put them on. */
export class HonoExchange implements Exchange {
  readonly path: string;
  readonly #c: Context;
  readonly #clientIp: ClientIp | undefined;
  #url: URL | undefined;
  /** What to do to the headers of the response, once there is one. */
  readonly #changes: ((headers: Headers) => void)[] = [];
  #form: object | undefined;
  #isAnswered = false;

  constructor(c: Context, clientIp: ClientIp | undefined) {
    this.#c = c;
    this.#clientIp = clientIp;
    // Asked now: later on another handler of the chain is the current one. Hono's own path is decoded.
    this.path = pathBelow(routeOf(c), pathOf(c.req.url));
  }

  get method(): string {
    return this.#c.req.method;
  }

  get query(): string {
    return this.#c.req.url.includes('?') ? this.#parsedUrl().search.slice(1) : '';
  }

  get protocol(): string {
    return this.#parsedUrl().protocol.slice(0, -1);
  }

  get host(): string {
    return this.#parsedUrl().host;
  }

  get ip(): string | undefined {
    return (this.#clientIp ?? socketAddress)(this.#c);
  }

  header(name: string): string | undefined {
    return this.#c.req.header(name);
  }

  authorization(): readonly string[] {
    const value = this.header('authorization');
    if (value === undefined) return [];
    const lines = rawLines(this.#c, 'authorization');
    // None in the raw list: the runtime has none, or a middleware has set the header.
    if (lines.length === 0) return splitAuthorization(value);
    return lines.length > 1 ? lines : [value];
  }

  parsedBody(): unknown {
    return this.#form;
  }

  /** Only for what few requests have asked of them: to parse a URL costs more than to verify a token. */
  #parsedUrl(): URL {
    this.#url ??= new URL(this.#c.req.url);
    return this.#url;
  }

  /** To be waited for if somebody has begun to parse a form, for `parsedBody` answers at once. */
  settleForm(): Promise<void> | undefined {
    const { formData } = this.#c.req.bodyCache;
    // A promise, whatever its type says, or what a validator has put in the place of one.
    return (
      formData &&
      Promise.resolve(formData).then((form) => {
        this.#form = Object.fromEntries(form as Iterable<readonly [string, unknown]>);
      })
    );
  }

  async readJson(): Promise<unknown> {
    const { req } = this.#c;
    const isKept = Object.keys(req.bodyCache).length > 0;
    // Another parser has read it and kept nothing.
    if (!isKept && req.raw.bodyUsed) return undefined;
    const text = isKept ? await req.text() : await readText(req.raw);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  setHeader(name: string, value: string): void {
    this.#change((headers) => headers.set(name, value));
  }

  vary(names: string): void {
    this.#change((headers) =>
      headers.set('Vary', mergeVary(headers.get('Vary') ?? undefined, names)),
    );
  }

  setCookie(name: string, setCookie: string): void {
    this.#change((headers) => {
      const all = mergeSetCookie(headers.getSetCookie(), name, setCookie);
      headers.delete('Set-Cookie');
      for (const line of all) headers.append('Set-Cookie', line);
    });
  }

  /** Puts what was set on a response of our own, and takes no more. */
  applyTo(response: Response): Response {
    this.#isAnswered = true;
    for (const change of this.#changes) change(response.headers);
    return response;
  }

  /** Puts what was set on the application's response, and takes no more. */
  finish(): void {
    this.#isAnswered = true;
    const c = this.#c;
    if (this.#changes.length === 0 || !c.finalized) return;
    const { res } = c;
    // The sign that an application has written to the socket itself; a copy of it would be written too.
    if (res.headers.has('x-hono-already-sent')) return;
    // Set to nothing first: Hono would lay the headers of the one that is replaced over the new ones.
    c.res = undefined;
    // A copy: headers may be fixed, and an application may answer everybody with one and the same Response.
    c.res = this.applyTo(new Response(res.body, res));
  }

  #change(change: (headers: Headers) => void): void {
    if (!this.#isAnswered) {
      this.#changes.push(change);
      return;
    }
    throw new UsageError(
      'answer_sent',
      'The answer was sent before c.var.sessions had done its work, so no cookie could be set. Await start(), end() and elevate() before answering.',
    );
  }
}

/** Where the handler is mounted that is the current one. */
function routeOf(c: Context): string {
  try {
    return routePath(c);
  } catch {
    // The context keeps it under a symbol that every copy of Hono has for itself.
    throw new UsageError(
      'middleware_conflict',
      'There are two copies of hono: see npm ls hono, and npm dedupe.',
    );
  }
}
