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
import type { NextFunction, Request, Response } from 'express';

/** An Express request and its response, as an exchange. */
export class ExpressExchange implements Exchange {
  readonly #req: Request;
  readonly #res: Response;
  /** Repeated right before the head is sent, because the application may change the headers in between. */
  readonly #changes: (() => void)[] = [];

  constructor(req: Request, res: Response) {
    this.#req = req;
    this.#res = res;
  }

  get method(): string {
    return this.#req.method;
  }

  get path(): string {
    const { path, app } = this.#req;
    // As the router of the application does it.
    const isLoose = path.length > 1 && path.endsWith('/') && app.get('strict routing') !== true;
    return isLoose ? path.slice(0, -1) : path;
  }

  get requestedPath(): string {
    return this.#req.originalUrl.split('?', 1)[0] ?? '';
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
    const forwarded = this.#req.get('x-forwarded-host');
    if (forwarded !== undefined && this.#trustsProxy()) return forwarded.split(',')[0]?.trim();
    return this.#req.get('host');
  }

  get ip(): string | undefined {
    return this.#req.ip;
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  authorization(): readonly string[] {
    return readAuthorization(this.#req);
  }

  parsedBody(): unknown {
    return this.#req.body as unknown;
  }

  async readJson(): Promise<unknown> {
    const parsed = this.parsedBody();
    // Parsers for Express 4 leave an empty object if they have not read the body.
    return readJsonBody(this.#req, isUntouched(parsed, this.#req) ? undefined : parsed);
  }

  #change(change: () => void): void {
    this.#assertUnsent();
    change();
    this.#repeat(change);
  }

  #repeat(change: () => void): void {
    if (this.#changes.push(change) > 1) return;
    this.beforeHead(() => {
      for (const repeat of this.#changes) repeat();
    });
  }

  /** Has `change` called right before the head is sent. */
  protected beforeHead(change: () => void): void {
    beforeHead(this.#res, change);
  }

  /** Lets what wraps `writeHead` after this call run before the changes are repeated. */
  watchHead(): void {
    this.#repeat(() => undefined);
  }

  #assertUnsent(): void {
    if (!this.#res.headersSent) return;
    throw createMistake('answer_sent', 'req.sessions');
  }

  /** No property of Express has the port and follows the trust-proxy rules, in both major versions. */
  #trustsProxy(): boolean {
    const trusts: unknown = this.#req.app.get('trust proxy fn');
    return typeof trusts === 'function' && trusts(this.#req.socket.remoteAddress, 0) === true;
  }

  setHeader(name: string, value: string): void {
    this.#change(() => this.#res.setHeader(name, value));
  }

  chooseCaching(choose: CacheChoice): void {
    if (!this.#res.headersSent) this.#repeat(() => applyCaching(this.#res, choose));
  }

  vary(names: string): void {
    const res = this.#res;
    if (res.headersSent) return;
    this.#change(() => res.setHeader('Vary', mergeVary(res.getHeader('Vary')?.toString(), names)));
  }

  setCookie(name: string, setCookie: string): void {
    this.#change(() => {
      const present = this.#res.getHeader('Set-Cookie') ?? [];
      const list = Array.isArray(present) ? present : [String(present)];
      this.#res.setHeader('Set-Cookie', mergeSetCookie(list, name, setCookie));
    });
  }
}

function isUntouched(parsed: unknown, { readableEnded }: Request): boolean {
  return (
    !readableEnded &&
    typeof parsed === 'object' &&
    parsed !== null &&
    Object.keys(parsed).length === 0
  );
}

/** As `sendReply`. What is thrown goes to `next`: Express 4 ignores promises, so a rejection would end the process. */
export function sendReplyOrFail(res: Response, reply: Reply, next: NextFunction): void {
  try {
    sendReply(res, reply);
  } catch (error) {
    next(error);
  }
}

/** Sends a reply; headers that were set before stay. */
export function sendReply(res: Response, reply: Reply): void {
  res.status(reply.status);
  for (const [name, value] of Object.entries(reply.headers)) res.setHeader(name, value);
  // Set here, so that HEAD has it too.
  if (reply.body !== undefined) res.setHeader('Content-Length', Buffer.byteLength(reply.body));
  res.end(reply.body);
}
