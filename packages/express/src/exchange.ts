import { type Exchange, mergeSetCookie, type Reply } from '@sess/core/http';
import type { Request, Response } from 'express';
import { readText } from './body.js';

/** An Express request and its response, as the protocol sees them. */
export class ExpressExchange implements Exchange {
  readonly #req: Request;
  readonly #res: Response;

  constructor(req: Request, res: Response) {
    this.#req = req;
    this.#res = res;
  }

  get method(): string {
    return this.#req.method;
  }

  get path(): string {
    return this.#req.path;
  }

  get query(): string {
    const { url } = this.#req;
    const mark = url.indexOf('?');
    return mark < 0 ? '' : url.slice(mark + 1);
  }

  get protocol(): string {
    return this.#req.protocol;
  }

  get host(): string | undefined {
    // Only `hostname` follows the trust-proxy rules in Express 4 and 5 alike, and it lacks the port.
    const own = this.#req.get('host');
    if (own?.replace(/:\d*$/, '') === this.#req.hostname) return own;
    return this.#req.get('x-forwarded-host')?.split(',')[0]?.trim() ?? own;
  }

  get ip(): string | undefined {
    return this.#req.ip;
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  authorization(): readonly string[] {
    const { headers, rawHeaders } = this.#req;
    if (headers.authorization === undefined) return [];
    // Node keeps the first line and drops the others without a word; the raw list has them all.
    const lines: string[] = [];
    for (let index = 0; index < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() === 'authorization')
        lines.push(rawHeaders[index + 1] ?? '');
    }
    return lines;
  }

  parsedBody(): unknown {
    return this.#req.body as unknown;
  }

  async readJson(): Promise<unknown> {
    const parsed = this.parsedBody();
    if (parsed !== undefined) return parsed;
    const text = await readText(this.#req);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  setHeader(name: string, value: string): void {
    this.#res.setHeader(name, value);
  }

  vary(names: string): void {
    this.#res.vary(names);
  }

  setCookie(name: string, setCookie: string): void {
    const present = this.#res.getHeader('Set-Cookie') ?? [];
    const list = Array.isArray(present) ? present : [String(present)];
    this.#res.setHeader('Set-Cookie', mergeSetCookie(list, name, setCookie));
  }
}

/** Sends an answer of the protocol; headers that were set before stay. */
export function sendReply(res: Response, reply: Reply): void {
  res.status(reply.status);
  for (const [name, value] of Object.entries(reply.headers)) res.setHeader(name, value);
  // Said outright, so that HEAD has it too.
  if (reply.body !== undefined) res.setHeader('Content-Length', Buffer.byteLength(reply.body));
  res.end(reply.body);
}
