/** The head of a request as Node shows it, and as frameworks on top of Node pass it on. */
export interface NodeRequestHead {
  readonly headers: { readonly authorization?: string | undefined };
  readonly rawHeaders: readonly string[];
}

/** A body as Node streams it; written out, so that the types stand where Node's are not, as on Workers. */
export interface NodeRequestBody {
  readonly readableEnded: boolean;
  on(event: string, listener: (value: unknown) => void): unknown;
}

const LIMIT = 102_400;

/** The lines of one header, by its lower-case name, in a list of names and values in turn. */
export function headerLines(rawHeaders: readonly string[], name: string): readonly string[] {
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const other = rawHeaders[index];
    // Most names are of another length: a request has a dozen of them.
    if (other?.length === name.length && other.toLowerCase() === name)
      lines.push(rawHeaders[index + 1] ?? '');
  }
  return lines;
}

/** Every `Authorization` line of a request. For adapters on top of Node. */
export function readAuthorization({ headers, rawHeaders }: NodeRequestHead): readonly string[] {
  if (headers.authorization === undefined) return [];
  // Node keeps the first line and drops the others without a word; the raw list has them all.
  const lines = headerLines(rawHeaders, 'authorization');
  // A middleware may have set the header, and some hosts have no raw list.
  return lines.length > 1 ? lines : [headers.authorization];
}

/**
 * A body that no parser has read, as JSON; `undefined` when it is empty. For adapters on top of Node.
 *
 * @throws RangeError when it is over 100 kB, TypeError when it is not UTF-8, SyntaxError when it is not JSON, and
 * what the socket fails with
 */
export async function readJsonBody(body: NodeRequestBody): Promise<unknown> {
  const text = await readText(body);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/**
 * The body as text. One that is too long is read to its end all the same, and thrown away: to stop reading
 * would cut the connection before the answer is through.
 */
function readText(body: NodeRequestBody): Promise<string> {
  // Another parser has read it and kept nothing.
  if (body.readableEnded) return Promise.resolve('');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.on('data', (chunk) => {
      size += (chunk as Buffer).length;
      if (size <= LIMIT) chunks.push(chunk as Buffer);
    });
    body.on('error', reject);
    body.on('close', () => reject(new Error('The connection closed within the body.')));
    body.on('end', () => {
      if (size > LIMIT) {
        reject(new RangeError(`The body is over ${LIMIT} bytes.`));
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
