import { type CacheChoice, cacheOverrides } from './exchange.js';

/** The head of a request of Node, and of frameworks on top of Node. */
export interface NodeRequestHead {
  readonly headers: { readonly authorization?: string | undefined };
  /** Absent on some hosts and in test libraries. */
  readonly rawHeaders?: readonly string[];
}

/** The head of a response of Node, before it is sent. */
export interface NodeResponseHead {
  getHeader(name: string): number | string | readonly string[] | undefined;
  getHeaderNames(): string[];
  setHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): void;
  /** Node has overloads of it: a status, a text and headers in several forms. */
  writeHead: (...parameters: never[]) => unknown;
}

/** A body as Node streams it. Written out, because Node's types are absent on other runtimes. */
export interface NodeRequestBody {
  readonly readableEnded: boolean;
  /** Absent for a stream that a hook has put in place of the request. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  on(event: string, listener: (value: unknown) => void): unknown;
}

const MAX_BYTES = 102_400;

/** Returns the lines of one header, by its lower-case name, from a list of alternating names and values. */
export function headerLines(rawHeaders: readonly string[], name: string): readonly string[] {
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const other = rawHeaders[index];
    // Compares lengths first: most of a request's dozen names have another one.
    if (other?.length === name.length && other.toLowerCase() === name)
      lines.push(rawHeaders[index + 1] ?? '');
  }
  return lines;
}

/** Returns every `Authorization` line of a request. For adapters on top of Node. */
export function readAuthorization({
  headers,
  rawHeaders = [],
}: NodeRequestHead): readonly string[] {
  if (headers.authorization === undefined) return [];
  // Node keeps only the first line in `headers`; the raw list has all of them.
  const lines = headerLines(rawHeaders, 'authorization');
  // A middleware may have set the header, which leaves the raw list unchanged.
  return lines.length > 1 ? lines : [headers.authorization];
}

/**
 * Returns a body as JSON; `undefined` if it is empty. For adapters on top of Node.
 *
 * @param parsed What another parser has made of the body: bytes and text are parsed, and other values are returned.
 * @throws {RangeError} over 100 kB
 * @throws {TypeError} not UTF-8
 * @throws {SyntaxError} not JSON
 * @throws {Error} consumed by a parser that kept nothing of it
 */
export async function readJsonBody(body: NodeRequestBody, parsed?: unknown): Promise<unknown> {
  const given = parsed === undefined ? await readText(body) : parsed;
  const text = toText(given);
  if (text === undefined) return given;
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** Returns the text of a string or of bytes, and `undefined` for other values. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const isBytes = value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  return isBytes
    ? new TextDecoder('utf-8', { fatal: true }).decode(value as Uint8Array)
    : undefined;
}

/**
 * Calls `change` right before the head of a response is sent, when the application can no longer change it. Headers that
 * are passed to `writeHead` are set before. For adapters on top of Node.
 */
export function beforeHead(res: NodeResponseHead, change: () => void): void {
  const { setHeader } = res;
  const isWrapped = Object.hasOwn(res, 'writeHead');
  const writeHead = res.writeHead as (...parameters: unknown[]) => unknown;
  const sendHead = (...parameters: unknown[]): unknown => {
    res.writeHead = writeHead;
    const others = changeHead(res, change, parameters);
    // Middlewares that wrapped `writeHead` before, as `on-headers` does, set their headers now.
    const setLate = (...header: Parameters<typeof setHeader>): unknown => {
      res.setHeader = setHeader;
      res.setHeader(...header);
      changeHead(res, change, []);
      res.setHeader = setLate;
      return res;
    };
    if (isWrapped) res.setHeader = setLate;
    return writeHead.apply(res, others);
  };
  // By a variable: V8 creates a function literal that is assigned to a property in its old generation, where it keeps what
  // it refers to until the next full collection. Each scavenge then copied the requests and responses that were over.
  res.writeHead = sendHead;
}

/**
 * Changes the head of a response that is about to be sent, after setting the headers that are passed to `writeHead`. For
 * adapters on top of Node.
 *
 * @param parameters of a call of `writeHead`
 * @returns what remains to be passed on: the status, and its text if there is one
 */
export function changeHead(
  res: NodeResponseHead,
  change: () => void,
  parameters: readonly unknown[],
): unknown[] {
  // By type, because Node accepts `undefined` in place of the text.
  for (const one of parameters) if (typeof one === 'object') setHeaders(res, one);
  change();
  if (res.getHeader('Cache-Control') === 'no-store') removeCacheOverrides(res);
  return parameters.filter((one) => typeof one !== 'object');
}

/** Applies a choice of caching to a response, before its head is sent. For adapters on top of Node. */
export function applyCaching(res: NodeResponseHead, choose: CacheChoice): void {
  res.setHeader('Cache-Control', choose(res.getHeader('Cache-Control')?.toString()));
  removeCacheOverrides(res);
}

function removeCacheOverrides(res: NodeResponseHead): void {
  for (const name of cacheOverrides(res.getHeaderNames())) res.removeHeader(name);
}

/** Sets headers in the forms of `writeHead`: an object, a list of pairs, or a list of alternating names and values. */
function setHeaders(res: NodeResponseHead, headers: unknown): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value);
    return;
  }
  const pairs: readonly (readonly unknown[])[] = Array.isArray(headers[0])
    ? headers
    : headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []));
  const merged = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    const name = String(key).toLowerCase();
    merged.set(name, [...(merged.get(name) ?? []), ...[value].flat().map(String)]);
  }
  for (const [name, [first, ...more]] of merged) {
    if (first !== undefined) res.setHeader(name, more.length === 0 ? first : [first, ...more]);
  }
}

/** True if the request has no body (RFC 9112, section 6.3). */
function isEmpty({ headers = {} }: NodeRequestBody): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] === undefined && (length ?? '0') === '0';
}

/** Reads a body that is too long to its end: to stop would cut the connection before the response is sent. */
function readText(body: NodeRequestBody): Promise<string> {
  if (body.readableEnded) {
    return isEmpty(body)
      ? Promise.resolve('')
      : Promise.reject(new Error('The body was read by a parser that kept nothing of it.'));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.on('data', (chunk) => {
      size += (chunk as Buffer).length;
      if (size <= MAX_BYTES) chunks.push(chunk as Buffer);
    });
    body.on('error', reject);
    body.on('close', () => reject(new Error('The connection closed before the end of the body.')));
    body.on('end', () => {
      if (size > MAX_BYTES) {
        reject(new RangeError(`The body is longer than ${MAX_BYTES} bytes.`));
        return;
      }
      try {
        resolve(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    });
  });
}
