/** The head of a request of Node, and of frameworks on top of Node. */
export interface NodeRequestHead {
  readonly headers: { readonly authorization?: string | undefined };
  readonly rawHeaders: readonly string[];
}

/** A body as Node streams it. Written out, because Node's types are absent on other runtimes. */
export interface NodeRequestBody {
  readonly readableEnded: boolean;
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
export function readAuthorization({ headers, rawHeaders }: NodeRequestHead): readonly string[] {
  if (headers.authorization === undefined) return [];
  // Node keeps only the first line in `headers`; the raw list has all of them.
  const lines = headerLines(rawHeaders, 'authorization');
  // A middleware may have set the header, which leaves the raw list unchanged.
  return lines.length > 1 ? lines : [headers.authorization];
}

/**
 * Returns a body that no parser has read, as JSON; `undefined` if it is empty. For adapters on top of Node.
 *
 * @throws {RangeError} over 100 kB
 * @throws {TypeError} not UTF-8
 * @throws {SyntaxError} not JSON
 */
export async function readJsonBody(body: NodeRequestBody): Promise<unknown> {
  const text = await readText(body);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** Reads a body that is too long to its end: to stop would cut the connection before the response is sent. */
function readText(body: NodeRequestBody): Promise<string> {
  // Another parser has consumed it.
  if (body.readableEnded) return Promise.resolve('');
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
