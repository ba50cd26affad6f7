// Sends requests with exactly the given header lines: fetch() would merge two of one name.
import { request } from 'node:http';

export function send(base, method, path, { lines = [], json } = {}) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const headers = [
    ...['Host', new URL(base).host, 'Connection', 'close'],
    ...(body === undefined
      ? []
      : ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))]),
    ...lines.flat(),
  ];
  return new Promise((resolve, reject) => {
    const outgoing = request(base + path, { method, headers, agent: false, setHost: false });
    outgoing.once('error', reject);
    outgoing.once('response', async (incoming) => {
      let text = '';
      for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
      resolve({
        status: incoming.statusCode,
        headers: incoming.headers,
        cookies: incoming.headersDistinct['set-cookie'] ?? [],
        text,
      });
    });
    outgoing.end(body);
  });
}
