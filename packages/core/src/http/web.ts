import { type CacheChoice, cacheOverrides, mergeSetCookie, mergeVary } from './exchange.js';
import { createMistake } from './mistakes.js';

/** `Headers`. Written out, because no types of it exist in projects without those of Node or of the DOM. */
export interface WebHeaders {
  get(name: string): string | null;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
  getSetCookie(): string[];
  keys(): Iterable<string>;
}

/** The first line of a `Request`. Its URL is absolute. */
export interface WebRequestLine {
  readonly method: string;
  readonly url: string;
}

const MAX_BYTES = 102_400;

/**
 * The part of an exchange that all hosts with `Request` and `Response` share. The headers of the response are kept until
 * there is a response to set them on. For adapters.
 */
export abstract class WebExchange {
  readonly #line: WebRequestLine;
  readonly #owner: string;
  /** The changes to the response's headers. */
  readonly #changes: ((headers: WebHeaders) => void)[] = [];
  #url: URL | undefined;
  #isSent = false;
  #isCachingChosen = false;
  #hasCookie = false;

  /** @param owner what the application calls to change its session, for the error of a change that comes too late */
  constructor(line: WebRequestLine, owner: string) {
    this.#line = line;
    this.#owner = owner;
  }

  abstract header(name: string): string | undefined;

  get method(): string {
    return this.#line.method;
  }

  get requestedPath(): string {
    return pathOf(this.#line.url);
  }

  get query(): string {
    return this.#line.url.includes('?') ? this.#parsedUrl().search.slice(1) : '';
  }

  get protocol(): string {
    return this.#parsedUrl().protocol.slice(0, -1);
  }

  get host(): string {
    return this.#parsedUrl().host;
  }

  /** On first use: to parse a URL takes longer than to verify a token. */
  #parsedUrl(): URL {
    this.#url ??= new URL(this.#line.url);
    return this.#url;
  }

  authorization(): readonly string[] {
    const value = this.header('authorization');
    return value === undefined ? [] : splitAuthorization(value);
  }

  setHeader(name: string, value: string): void {
    this.#change((headers) => headers.set(name, value));
  }

  chooseCaching(choose: CacheChoice): void {
    if (this.#isSent) return;
    this.#isCachingChosen = true;
    this.#change((headers) =>
      headers.set('Cache-Control', choose(headers.get('Cache-Control') ?? undefined)),
    );
  }

  vary(names: string): void {
    if (this.#isSent) return;
    this.#change((headers) =>
      headers.set('Vary', mergeVary(headers.get('Vary') ?? undefined, names)),
    );
  }

  setCookie(name: string, setCookie: string): void {
    this.#hasCookie = true;
    this.#change((headers) => {
      const all = mergeSetCookie(headers.getSetCookie(), name, setCookie);
      headers.delete('Set-Cookie');
      for (const line of all) headers.append('Set-Cookie', line);
    });
  }

  /** True if the response sets a cookie of this exchange. */
  protected get hasCookie(): boolean {
    return this.#hasCookie;
  }

  /** Called before the first change. */
  protected onFirstChange(): void {}

  /** Refuses further changes. Returns `false` if there was none. */
  protected close(): boolean {
    this.#isSent = true;
    return this.#changes.length > 0;
  }

  /** Makes the changes. The caller provides headers that belong to this request alone. */
  protected change(headers: WebHeaders): void {
    for (const change of this.#changes) change(headers);
    if (!this.#isCachingChosen && headers.get('Cache-Control') !== 'no-store') return;
    for (const name of cacheOverrides(headers.keys())) headers.delete(name);
  }

  #change(change: (headers: WebHeaders) => void): void {
    if (this.#isSent) throw createMistake('answer_sent', this.#owner);
    if (this.#changes.push(change) === 1) this.onFirstChange();
  }
}

/**
 * Returns `URL.pathname`. The URL of a request is absolute and normalised, so its path can be cut out by its delimiters
 * (RFC 3986, section 3), in a tenth of the time that parsing takes. For adapters.
 */
export function pathOf(url: string): string {
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3));
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

/*
 * RFC 9110, sections 11.4, 11.2 and 5.6.4:
 *
 * credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
 * auth-param  = token BWS "=" BWS ( token / quoted-string )
 */
const PARAMETER = /^[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*=/;
const QUOTED = /"(?:[^"\\]|\\.)*"?/g;

/**
 * Splits the value that `Headers` has joined of several `Authorization` lines. A comma also separates the parameters of
 * one scheme, and then a parameter name follows. Anything else after a comma was a separate line, or is malformed.
 */
function splitAuthorization(value: string): readonly string[] {
  const [, ...others] = value.replace(QUOTED, '').split(',');
  return others.every((part) => PARAMETER.test(part)) ? [value] : value.split(',');
}

/**
 * Returns the body of a `Request` as text. One that is too long is read to its end: to stop would cut the connection
 * before the response is sent. For adapters.
 *
 * @throws {RangeError} over 100 kB
 * @throws {TypeError} not UTF-8
 */
export async function readBodyText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let size = 0;
  for await (const bytes of body ?? []) {
    size += bytes.length;
    if (size <= MAX_BYTES) text += decoder.decode(bytes, { stream: true });
  }
  if (size > MAX_BYTES) throw new RangeError(`The body is longer than ${MAX_BYTES} bytes.`);
  return text + decoder.decode();
}
