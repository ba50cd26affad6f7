const LIMIT = 102_400;

/**
 * The body as text. One that is too long is read to its end all the same, and thrown away: to stop reading
 * would cut the connection before the answer is through.
 *
 * @throws RangeError when it is over 100 kB, TypeError when it is not UTF-8, and what the stream fails with
 */
export async function readText({ body }: Request): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let size = 0;
  for await (const bytes of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += bytes.length;
    if (size <= LIMIT) text += decoder.decode(bytes, { stream: true });
  }
  if (size > LIMIT) throw new RangeError(`The body is over ${LIMIT} bytes.`);
  return text + decoder.decode();
}
