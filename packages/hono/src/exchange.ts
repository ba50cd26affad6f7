import { UsageError } from '@sess/core';
import { type Exchange, mergeSetCookie, mergeVary } from '@sess/core/http';
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { type Address, pathBelow, readAddress } from './address.js';
import { splitAuthorization } from './authorization.js';
import { readText } from './body.js';
import { rawLines, socketAddress } from './node-request.js';

/** Answers the client's address, or `undefined` when it is not known. */
export type ClientIp = (c: Context) => string | undefined;

/** A Hono context as the protocol sees it. Response headers are kept until there is a response to put them on. */
export class HonoExchange implements Exchange {
  readonly path: string;
  readonly #c: Context;
  readonly #clientIp: ClientIp | undefined;
  readonly #address: Address;
  readonly #cookies: Map<string, string> = new Map<string, string>();
  readonly #headers: Map<string, string> = new Map<string, string>();
  #vary = '';
  #form: object | undefined;
  #isAnswered = false;

  constructor(c: Context, clientIp: ClientIp | undefined) {
    this.#c = c;
    this.#clientIp = clientIp;
    this.#address = readAddress(c.req.url);
    // Asked now: later on another handler of the chain is the current one.
    this.path = pathBelow(routePath(c), this.#address.path);
  }

  get method(): string {
    return this.#c.req.method;
  }

  get query(): string {
    return this.#address.query;
  }

  get protocol(): string {
    return this.#address.protocol;
  }

  get host(): string {
    return this.#address.host;
  }

  get ip(): string | undefined {
    return this.#clientIp === undefined ? socketAddress(this.#c.env) : this.#clientIp(this.#c);
  }

  header(name: string): string | undefined {
    return this.#c.req.header(name);
  }

  authorization(): readonly string[] {
    const value = this.header('authorization');
    if (value === undefined) return [];
    const lines = rawLines(this.#c.env, 'authorization') ?? [];
    // None in the raw list: the runtime has none, or a middleware has set the header.
    if (lines.length === 0) return splitAuthorization(value);
    return lines.length > 1 ? lines : [value];
  }

  parsedBody(): unknown {
    return this.#form;
  }

  /** Waits for a form that somebody has begun to parse, for `parsedBody` answers at once. */
  async settleForm(): Promise<void> {
    const { formData } = this.#c.req.bodyCache;
    if (formData === undefined) return;
    const form = (await formData) as Iterable<readonly [string, unknown]>;
    this.#form = Object.fromEntries(form);
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
    this.#assertUnanswered();
    this.#headers.set(name, value);
  }

  vary(names: string): void {
    this.#assertUnanswered();
    this.#vary = mergeVary(this.#vary, names);
  }

  setCookie(name: string, setCookie: string): void {
    this.#assertUnanswered();
    this.#cookies.set(name, setCookie);
  }

  /** Puts what was set on the response, and takes no more. Answers a copy of one whose headers are fixed. */
  finish(response: Response): Response {
    this.#isAnswered = true;
    if (this.#cookies.size === 0 && this.#headers.size === 0 && this.#vary === '') return response;
    try {
      this.#write(response.headers);
      return response;
    } catch {
      // As those of an answer that fetch() brought.
      const copy = new Response(response.body, response);
      this.#write(copy.headers);
      return copy;
    }
  }

  #write(headers: Headers): void {
    for (const [name, value] of this.#headers) headers.set(name, value);
    if (this.#vary !== '') {
      headers.set('Vary', mergeVary(headers.get('Vary') ?? undefined, this.#vary));
    }
    for (const [name, setCookie] of this.#cookies) {
      const all = mergeSetCookie(headers.getSetCookie(), name, setCookie);
      headers.delete('Set-Cookie');
      for (const line of all) headers.append('Set-Cookie', line);
    }
  }

  #assertUnanswered(): void {
    if (!this.#isAnswered) return;
    throw new UsageError(
      'answer_sent',
      'The answer was sent before c.var.sessions had done its work, so no cookie could be set. Await start(), end() and elevate() before answering.',
    );
  }
}
