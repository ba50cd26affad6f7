/** One HTTP request and the headers of its response, as an adapter shows them to the protocol. */
export interface Exchange {
  /** The request method, in capitals. */
  readonly method: string;
  /** The path below the place where the adapter is mounted, as the framework routes it, without the query. */
  readonly path: string;
  /** The path that the client requested, with the part above the mount. Default: `path`. */
  readonly requestedPath?: string;
  /** The query, as it was sent, without the question mark. */
  readonly query: string;
  /** `http` or `https`, under the framework's trust-proxy rules. */
  readonly protocol: string;
  /** The `Host` header or its replacement under the framework's trust-proxy rules, with the port. */
  readonly host: string | undefined;
  /** The client's address, under the framework's trust-proxy rules. */
  readonly ip: string | undefined;
  /** True where no response header can be set, so that no cookie is renewed. Default: `false`. */
  readonly isReadOnly?: boolean;
  /** Returns a request header by its lower-case name; several lines of one name are joined by commas. */
  header(name: string): string | undefined;
  /** Returns every `Authorization` line that was sent. Frameworks hide all but the first. */
  authorization(): readonly string[];
  /** Returns the request body if the framework has parsed it already, else `undefined`. */
  parsedBody(): unknown;
  /** Waits for another parser that is reading the body, so that `parsedBody` returns it. Optional. */
  settleBody?(): Promise<void> | undefined;
  /**
   * Returns the request body as JSON, and parses it if that was not done; `undefined` if it is empty. Rejects if the
   * body is not JSON, over 100 kB, or consumed by a parser that kept nothing of it.
   */
  readJson(): Promise<unknown>;
  /**
   * Sets a header of the application's response, in place of one of the same name. This one and the cookies below hold
   * when the response is sent, also if the application sets another one in between.
   */
  setHeader(name: string, value: string): void;
  /**
   * Chooses the `Cache-Control` when the response is sent, from what the application has set by then, and removes the
   * `cacheOverrides`. Chosen more than once, the value must stay the same. No effect once the response is sent.
   */
  chooseCaching(choose: CacheChoice): void;
  /**
   * Adds field names to the response's `Vary`, which hold when it is sent as those of `setHeader` do. No effect once the
   * response is sent.
   */
  vary(names: string): void;
  /** Adds a `Set-Cookie`, in place of one for the same cookie name and path, and keeps all others. */
  setCookie(name: string, setCookie: string): void;
  /** Receives the request's session whenever it changes, for frameworks that copy it. Optional. */
  onSession?(session: object | null): void;
}

/** Returns the `Cache-Control` of a response from the one that the application has set. */
export type CacheChoice = (present: string | undefined) => string;

/** A whole response, for the adapter to send unchanged; headers already set on the exchange stay. */
export interface Reply {
  /** The HTTP status code. */
  readonly status: number;
  /** One value for each name. `Set-Cookie` is not among them: see `Exchange.setCookie`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no body, and no `Content-Type`. */
  readonly body?: string;
}

/** For each response of a session route: it holds tokens, or names a user. */
export const NO_STORE: Readonly<Record<string, string>> = { 'Cache-Control': 'no-store' };

/** Returns a 200 with a JSON body. */
export function jsonReply(value: unknown): Reply {
  return {
    status: 200,
    headers: { ...NO_STORE, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

/** Returns a 303, after which a browser asks for `location` by GET (RFC 9110, section 15.4.4). */
export function redirectReply(location: string): Reply {
  return { status: 303, headers: { ...NO_STORE, Location: location } };
}

/**
 * Returns the `Set-Cookie` values with one added, in place of an earlier one of that name, path, domain and partition. One
 * that removes the cookie leaves another that empties it. For adapters.
 */
export function mergeSetCookie(
  present: readonly string[],
  name: string,
  setCookie: string,
): string[] {
  const path = attribute(setCookie, 'path');
  const domain = attribute(setCookie, 'domain');
  const isRemoval = attribute(setCookie, 'max-age') === '0';
  const kept = present.filter(
    (line) =>
      line === setCookie ||
      !line.startsWith(`${name}=`) ||
      (isRemoval && line.startsWith(`${name}=;`)) ||
      isPartitioned(line) !== isPartitioned(setCookie) ||
      attribute(line, 'domain') !== domain ||
      (attribute(line, 'path') ?? path) !== (path ?? attribute(line, 'path')),
  );
  return kept.includes(setCookie) ? kept : [...kept, setCookie];
}

function isPartitioned(setCookie: string): boolean {
  return /; *partitioned *(?:;|$)/i.test(setCookie);
}

function attribute(setCookie: string, name: string): string | undefined {
  return new RegExp(`; *${name}=([^;]*)`, 'i').exec(setCookie)?.[1];
}

/**
 * Returns the caching of a response that depends on a user's session.
 *
 * @param onPublic Called if the application has allowed shared caches to keep the response.
 */
export function createPrivateCaching(given: {
  readonly isNavigation: boolean;
  readonly onPublic: () => void;
}): CacheChoice {
  // Browsers keep pages for their back button unless they are `no-store`, also over a sign-out.
  const unset = given.isNavigation ? 'no-store' : 'private, no-cache';
  return (present) => {
    if (present === undefined || present === '') return unset;
    if (UNSHARED.test(present)) return present;
    if (!SHARED.test(present)) return `private, ${present}`;
    given.onPublic();
    return 'private, no-cache';
  };
}

/** What keeps a response from shared caches; `private="field"` concerns that field only (RFC 9111, section 5.2.2.7). */
const UNSHARED = /\b(?:private|no-store)\b(?!=)/i;
const SHARED = /\b(?:public|s-maxage)\b/i;

/** Header names that override `Cache-Control` for shared caches (RFC 9213). */
const TARGETED_CACHING = /(?:^surrogate|cdn-cache)-control$/i;

/**
 * Returns the names of the headers that would let a cache keep a response in spite of its `Cache-Control`. For
 * adapters, which remove them from a response with `no-store`, and from one whose caching was chosen.
 */
export function cacheOverrides(names: Iterable<string>): string[] {
  // Most names are shorter than `surrogate-control`, which is seen without the expression.
  return [...names].filter((name) => name.length > 16 && TARGETED_CACHING.test(name));
}

/** Returns a `Vary` value with field names added, each once. For adapters. */
export function mergeVary(present: string | undefined, names: string): string {
  const fields = `${present ?? ''},${names}`.split(',').map((field) => field.trim());
  const known = new Map<string, string>();
  for (const field of fields) {
    if (field !== '' && !known.has(field.toLowerCase())) known.set(field.toLowerCase(), field);
  }
  return [...known.values()].join(', ');
}
