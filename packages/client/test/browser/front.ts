import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** The one origin that the browser knows: the page and the compiled client are its own, the rest is the API's. */
export interface Front {
  readonly base: string;
  /** Where the API is; changes when that starts again. */
  target: string;
  /** What was asked of the API: `'POST /session/refresh'`. */
  readonly asked: readonly string[];
  /** Throws away the answers to the next renewals, which the API has carried out. */
  cut(count: number): void;
  /** Holds back the answer to the next renewal until what it gives is called. */
  hold(): { readonly arrived: Promise<void>; release(): void };
  countRenewals(): number;
  close(): void;
}

const DIST = new URL('../../dist/', import.meta.url);
const RENEWAL = 'POST /session/refresh';
const PAGE = `<!doctype html><title>test</title><script type="module">
  import { createClient } from '/client/index.js';
  globalThis.client = createClient();
</script>`;

export async function startFront(target: string): Promise<Front> {
  const asked: string[] = [];
  const holds: { arrived: () => void; released: Promise<void> }[] = [];
  let toCut = 0;

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method, url = '/' } = req;
    if (url === '/app') return void res.setHeader('Content-Type', 'text/html').end(PAGE);
    if (url.startsWith('/client/')) {
      const script = await readFile(new URL(url.slice('/client/'.length), DIST));
      return void res.setHeader('Content-Type', 'text/javascript').end(script);
    }
    if (url === '/favicon.ico') return void res.writeHead(204).end();
    asked.push(`${method} ${url}`);
    const isRenewal = asked.at(-1) === RENEWAL;
    const answer = await forward(req, front.target + url);
    if (isRenewal) {
      const hold = holds.shift();
      hold?.arrived();
      await hold?.released;
      if (toCut > 0) {
        toCut -= 1;
        answer.resume();
        return void res.destroy();
      }
    }
    res.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    answer.pipe(res);
  }

  const server = createServer((req, res) => {
    // As when the API is away.
    handle(req, res).catch(() => res.destroy());
  }).listen(0);
  await once(server, 'listening');
  const front: Front = {
    base: `http://localhost:${(server.address() as AddressInfo).port}`,
    target,
    asked,
    cut: (count) => {
      toCut = count;
    },
    hold() {
      let release = (): void => {};
      let arrived = (): void => {};
      const hasArrived = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      holds.push({ arrived, released });
      return { arrived: hasArrived, release };
    },
    countRenewals: () => asked.filter((line) => line === RENEWAL).length,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return front;
}

async function forward(req: IncomingMessage, url: string): Promise<IncomingMessage> {
  const { method, headers } = req;
  const outgoing = send(url, { method, headers, agent: false });
  const answered = once(outgoing, 'response');
  req.pipe(outgoing);
  const [answer] = (await answered) as [IncomingMessage];
  return answer;
}
