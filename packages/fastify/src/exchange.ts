import type { Readable } from 'node:stream';
import {
  applyCaching,
  beforeHead,
  type CacheChoice,
  createMistake,
  type Exchange,
  mergeSetCookie,
  mergeVary,
  type Reply,
  readAuthorization,
  readJsonBody,
} from '@sess/core/http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A Fastify request and its reply, as an exchange. */
export class FastifyExchange implements Exchange {
  readonly path: string;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #body: Readable;
  /** Repeated right before the head is sent, because the application may change the headers in between. */
  readonly #changes: ((headers: HeaderTarget) => void)[] = [];

  /**
   * @param given.path The path of the session route that the router has found, or an empty one.
   * @param given.body What is left of the body to read, if hooks have replaced it.
   */
  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    given: { readonly path: string; readonly body?: Readable },
  ) {
    this.#request = request;
    this.#reply = reply;
    this.path = given.path;
    this.#body = given.body ?? request.raw;
  }

  get method(): string {
    return this.#request.method;
  }

  get requestedPath(): string {
    return this.#request.url.split('?', 1)[0] ?? '';
  }

  get query(): string {
    const { url } = this.#request;
    const mark = url.indexOf('?');
    return mark < 0 ? '' : url.slice(mark + 1);
  }

  get protocol(): string {
    return this.#request.protocol;
  }

  get host(): string | undefined {
    return this.#request.host;
  }

  get ip(): string | undefined {
    return this.#request.ip;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  authorization(): readonly string[] {
    const { headers, raw } = this.#request;
    return readAuthorization({ headers, rawHeaders: raw.rawHeaders });
  }

  parsedBody(): unknown {
    return this.#request.body;
  }

  async readJson(): Promise<unknown> {
    return readJsonBody(this.#body, this.parsedBody() ?? undefined);
  }

  setHeader(name: string, value: string): void {
    this.#change((headers) => headers.set(name, value));
  }

  chooseCaching(choose: CacheChoice): void {
    const { raw } = this.#reply;
    if (!raw.headersSent) this.#repeat(() => applyCaching(raw, choose));
  }

  vary(names: string): void {
    if (this.#reply.raw.headersSent) return;
    this.#change((headers) =>
      headers.set('Vary', mergeVary(headers.get('Vary').join(', '), names)),
    );
  }

  setCookie(name: string, setCookie: string): void {
    this.#change((headers) =>
      headers.set('Set-Cookie', mergeSetCookie(headers.get('Set-Cookie'), name, setCookie)),
    );
  }

  /**
   * Changes the headers of Fastify, which hooks and plugins read, and those of Node, which alone are sent after
   * `reply.hijack()`.
   */
  #change(change: (headers: HeaderTarget) => void): void {
    const { raw } = this.#reply;
    if (raw.headersSent) {
      throw createMistake('answer_sent', 'request.sessions');
    }
    change({
      get: (name) => toList(this.#reply.getHeader(name)),
      set: (name, value) => {
        // Fastify adds to cookies that are there, and the list has them already.
        this.#reply.removeHeader(name).header(name, value);
        raw.setHeader(name, value);
      },
    });
    this.#repeat(change);
  }

  #repeat(change: (headers: HeaderTarget) => void): void {
    const { raw } = this.#reply;
    if (this.#changes.push(change) > 1) return;
    beforeHead(raw, () => {
      for (const repeat of this.#changes) {
        repeat({
          get: (name) => toList(raw.getHeader(name)),
          set: (name, value) => raw.setHeader(name, value),
        });
      }
    });
  }
}

/** Headers of a response, of Fastify or of Node. */
interface HeaderTarget {
  get(name: string): readonly string[];
  set(name: string, value: string | string[]): void;
}

function toList(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}

/** Sends a reply; headers that were set before stay. */
export function sendReply(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  // As bytes: to JSON text, Fastify adds a charset and applies the application's serializer.
  return reply
    .code(status)
    .headers(headers)
    .send(body === undefined ? undefined : Buffer.from(body));
}
