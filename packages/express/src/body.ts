import type { IncomingMessage } from 'node:http';

const LIMIT = 102_400;

/**
 * The body as text. One that is too long is read to its end all the same, and thrown away: to stop reading
 * would cut the connection before the answer is through.
 *
 * @throws RangeError when it is over 100 kB, TypeError when it is not UTF-8, and what the socket fails with
 */
export function readText(req: IncomingMessage): Promise<string> {
  // Another parser has read it and kept nothing.
  if (req.readableEnded) return Promise.resolve('');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LIMIT) chunks.push(chunk);
    });
    req.on('error', reject);
    req.on('close', () => reject(new Error('The connection closed within the body.')));
    req.on('end', () => {
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
