// Sends requests over kept connections with exactly the given header lines.
import { Agent, request } from 'node:http';

const PATIENCE = 30_000;

export function createSender(base, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(base);

  function sendOnce({ method = 'GET', path, headers = [], body, signal }) {
    const lines = [['Host', `${hostname}:${port}`], ...headers];
    if (body !== undefined) lines.push(['Content-Length', String(Buffer.byteLength(body))]);
    return new Promise((resolve, reject) => {
      // A flat list is sent line by line; an object would merge two lines of one name.
      const options = { agent, hostname, port, method, path, headers: lines.flat(), signal };
      const outgoing = request({ ...options, setHost: false });
      outgoing.setTimeout(PATIENCE, () => outgoing.destroy(new Error('no response within 30 s')));
      outgoing.on('error', (error) => {
        error.isStale = outgoing.reusedSocket && error.code === 'ECONNRESET';
        reject(error);
      });
      outgoing.on('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part) => (text += part));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode,
            cookies: incoming.headers['set-cookie'] ?? [],
            text,
          }),
        );
      });
      outgoing.end(body);
    });
  }

  return {
    /** Retries once if the server closed the kept connection at the moment of its reuse, as every client does. */
    async send(given) {
      try {
        return await sendOnce(given);
      } catch (error) {
        if (error.isStale !== true) throw error;
        return sendOnce(given);
      }
    },
    close: () => agent.destroy(),
  };
}
