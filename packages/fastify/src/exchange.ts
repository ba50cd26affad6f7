import type { Readable } from 'node:stream';
import { UsageError } from '@sess/core';
import {
  type Exchange,
  mergeSetCookie,
  mergeVary,
  type Reply,
  readAuthorization,
  readJsonBody,
} from '@sess/core/http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The path of a request target, which may be a whole URL (RFC 9112, section 3.2.2), as Fastify's router reads it. */
const PATH = /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i;

/** A Fastify request and its reply, as an exchange. */
export class FastifyExchange implements Exchange {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #prefix: string;
  readonly #body: Readable;

  /**
   * @param prefix The prefix of the scope that registered the plugin.
   * @param body The rest of the body, if hooks have replaced it.
   */
  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    prefix: string,
    body: Readable = request.raw,
  ) {
    this.#request = request;
    this.#reply = reply;
    this.#prefix = prefix;
    this.#body = body;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return pathBelow(this.#prefix, this.#request.url);
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
    return this.parsedBody() ?? readJsonBody(this.#body);
  }

  setHeader(name: string, value: string): void {
    this.#set(name, value);
  }

  vary(names: string): void {
    const present = this.#reply.getHeader('Vary');
    this.#set('Vary', mergeVary(present === undefined ? undefined : String(present), names));
  }

  setCookie(name: string, setCookie: string): void {
    const present = this.#reply.getHeader('Set-Cookie') ?? [];
    const list = Array.isArray(present) ? present : [String(present)];
    this.#set('Set-Cookie', mergeSetCookie(list, name, setCookie));
  }

  /**
   * Sets the header of Fastify, which hooks and plugins read, and the one of Node, which alone is sent after
   * `reply.hijack()`. If both are sent, Fastify's wins.
   */
  #set(name: string, value: string | string[]): void {
    const { raw } = this.#reply;
    if (raw.headersSent) {
      throw new UsageError(
        'answer_sent',
        'request.sessions: expected a response that is not sent yet, got one that is, so no cookie can be set. Await start(), end() and elevate() before the response.',
      );
    }
    // Fastify adds to cookies that are there; the list has them already.
    this.#reply.removeHeader(name).header(name, value);
    raw.setHeader(name, value);
  }
}

function pathOf(url: string): string {
  // As nearly all are.
  if (url.startsWith('/') && !url.includes('?') && !url.includes('#')) return url;
  return PATH.exec(url)?.[1] ?? '';
}

/** The prefix's segments are counted, not compared, because they may be parameters. */
function pathBelow(prefix: string, url: string): string {
  let path = pathOf(url);
  if (prefix === '') return path;
  for (const segment of prefix.split('/')) {
    if (segment === '') continue;
    const end = path.indexOf('/', 1);
    path = end < 0 ? '' : path.slice(end);
  }
  return path;
}

/** Sends a reply; headers that were set before stay. */
export function sendReply(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  // As bytes: to JSON text, Fastify adds a charset and applies the application's serializer.
  return reply
    .code(status)
    .headers(headers)
    .send(body === undefined ? undefined : Buffer.from(body));
}
