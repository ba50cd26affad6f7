/** One HTTP request and the headers of its response, as an adapter shows them to the protocol. */
export interface Exchange {
  /** In capitals. */
  readonly method: string;
  /** The path below the place where the adapter is mounted, as it was sent, without the query. */
  readonly path: string;
  /** The query, as it was sent, without the question mark. */
  readonly query: string;
  /** `http` or `https`, under the framework's trust-proxy rules. */
  readonly protocol: string;
  /** The `Host` header or what stands for it, port included. */
  readonly host: string | undefined;
  /** The client's address, under the framework's trust-proxy rules. */
  readonly ip: string | undefined;
  /** A request header by its lower-case name; several lines of one name are joined by commas. */
  header(name: string): string | undefined;
  /** Every `Authorization` line that was sent. There should be one, and frameworks hide the others. */
  authorization(): readonly string[];
  /** The request body if the framework has parsed it already, else `undefined`. */
  parsedBody(): unknown;
  /**
   * The request body as JSON, parsed now if it has not been; `undefined` when it is empty. Rejects when it
   * is no JSON or over 100 kB.
   */
  readJson(): Promise<unknown>;
  /** Sets a header of the response that the application will send, in place of one of the same name. */
  setHeader(name: string, value: string): void;
  /** Adds field names to the response's `Vary`, keeping what is there. */
  vary(names: string): void;
  /** Adds a `Set-Cookie`, in place of one for the same cookie, keeping all others. */
  setCookie(name: string, setCookie: string): void;
}

/** A whole answer, for the adapter to send as it is; headers already set on the exchange stay. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no body, and no `Content-Type`. */
  readonly body?: string;
}

/** Never kept by a cache: every answer of a session route, for it holds tokens or says who somebody is. */
export const NO_STORE: Readonly<Record<string, string>> = { 'Cache-Control': 'no-store' };

export function jsonReply(value: unknown): Reply {
  return {
    status: 200,
    headers: { ...NO_STORE, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

/** Puts a cookie among `Set-Cookie` values, in place of an earlier one of that name. For adapters. */
export function mergeSetCookie(
  present: readonly string[],
  name: string,
  setCookie: string,
): string[] {
  return [...present.filter((other) => !other.startsWith(`${name}=`)), setCookie];
}

/** Adds field names to a `Vary` value, each once. For adapters. */
export function mergeVary(present: string | undefined, names: string): string {
  const fields = `${present ?? ''},${names}`.split(',').map((field) => field.trim());
  const known = new Map<string, string>();
  for (const field of fields) {
    if (field !== '' && !known.has(field.toLowerCase())) known.set(field.toLowerCase(), field);
  }
  return [...known.values()].join(', ');
}
