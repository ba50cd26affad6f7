import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Exchange,
  mergeSetCookie,
  mergeVary,
  type Reply,
  readAuthorization,
  readJsonBody,
} from '@sess/core/http';

/** A request of node:http and its response, as the protocol sees them. Put __Name__'s own in their place. */
export class __Name__Exchange implements Exchange {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.#res = res;
  }

  get method(): string {
    return this.#req.method ?? 'GET';
  }

  /** Below the place where the middleware is mounted, if __Name__ can mount one below a path. */
  get path(): string {
    return this.#req.url?.split('?', 1)[0] ?? '/';
  }

  get query(): string {
    return this.#req.url?.split('?').slice(1).join('?') ?? '';
  }

  /** Under the trust-proxy rules of __Name__, as are `host` and `ip`: a header is whatever the client wrote. */
  get protocol(): string {
    return 'encrypted' in this.#req.socket ? 'https' : 'http';
  }

  get host(): string | undefined {
    return this.#req.headers.host;
  }

  get ip(): string | undefined {
    return this.#req.socket.remoteAddress;
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  authorization(): readonly string[] {
    return readAuthorization(this.#req);
  }

  /** What a parser of __Name__ has read already. */
  parsedBody(): unknown {
    return undefined;
  }

  async readJson(): Promise<unknown> {
    return this.parsedBody() ?? readJsonBody(this.#req);
  }

  setHeader(name: string, value: string): void {
    this.#res.setHeader(name, value);
  }

  vary(names: string): void {
    this.#res.setHeader('Vary', mergeVary(this.#res.getHeader('Vary')?.toString(), names));
  }

  setCookie(name: string, setCookie: string): void {
    const present = this.#res.getHeader('Set-Cookie') ?? [];
    const list = Array.isArray(present) ? present : [String(present)];
    this.#res.setHeader('Set-Cookie', mergeSetCookie(list, name, setCookie));
  }
}

/** Sends an answer of the protocol; headers that were set before stay. */
export function sendReply(res: ServerResponse, reply: Reply): void {
  res.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers)) res.setHeader(name, value);
  res.end(reply.body);
}
