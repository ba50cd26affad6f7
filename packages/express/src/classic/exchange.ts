import type { Socket } from 'node:net';
import type { CacheChoice } from '@sess/core/http';
import type { Request, Response } from 'express';
import { ExpressExchange } from '../exchange.js';
import type { ResponseHold } from './response-hold.js';

/**
 * A request of Express, or of Node alone, as WebSocket servers pass them to a middleware; the response may then be any
 * object. Headers of a response that is sent are left as they are: a sign-out counts without them.
 */
export class ClassicExchange extends ExpressExchange {
  readonly #req: Request;
  readonly #res: Response;
  hold: ResponseHold | undefined;

  constructor(req: Request, res: Response) {
    super(req, res);
    this.#req = req;
    this.#res = res;
  }

  /** True if the response is one of Node, whose sending can be held. */
  get hasResponse(): boolean {
    const { setHeader, end } = this.#res as Partial<Response>;
    return typeof setHeader === 'function' && typeof end === 'function';
  }

  get canSetCookie(): boolean {
    let isSent = !this.hasResponse || this.#req.headers.upgrade !== undefined;
    this.#change(() => {
      isSent ||= this.#res.headersSent;
    });
    return !isSent;
  }

  get #isExpress(): boolean {
    return (this.#req.app as unknown) !== undefined;
  }

  override get path(): string {
    return this.#isExpress ? super.path : this.#url.split('?', 1)[0] || '/';
  }

  override get requestedPath(): string {
    return this.#url.split('?', 1)[0] || '/';
  }

  get #url(): string {
    const { originalUrl, url } = this.#req as Partial<Request>;
    return originalUrl ?? url ?? '/';
  }

  override get protocol(): string {
    if (this.#isExpress) return super.protocol;
    return (this.#req.socket as Socket & { encrypted?: boolean }).encrypted ? 'https' : 'http';
  }

  override get host(): string | undefined {
    return this.#isExpress ? super.host : this.#req.headers.host;
  }

  override get ip(): string | undefined {
    return this.#isExpress ? super.ip : this.#req.socket.remoteAddress;
  }

  override setHeader(name: string, value: string): void {
    if (this.canSetCookie) this.#change(() => super.setHeader(name, value));
  }

  override setCookie(name: string, setCookie: string): void {
    if (this.canSetCookie) this.#change(() => super.setCookie(name, setCookie));
  }

  override chooseCaching(choose: CacheChoice): void {
    if (this.canSetCookie) this.#change(() => super.chooseCaching(choose));
  }

  override vary(names: string): void {
    if (this.canSetCookie) this.#change(() => super.vary(names));
  }

  #change(change: () => void): void {
    if (this.hold === undefined) change();
    else this.hold.change(change);
  }
}
