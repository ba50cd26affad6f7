import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** The only origin of the browser. It serves the page and the compiled client, and forwards the rest to the API. */
export interface Front {
  readonly base: string;
  /** The address of the API; changes when the API is restarted. */
  target: string;
  /** The requests to the API, as `'POST /session/refresh'`. */
  readonly asked: readonly string[];
  /** Drops the responses to the next renewals, which the API has carried out. */
  cut(count: number): void;
  /** Holds back the response to the next renewal until `release` is called. */
  hold(): Hold;
  /** Holds back the next request of this kind before the API receives it. */
  holdRequest(line: string): Hold;
  countRenewals(): number;
  close(): void;
}

/** A request that is held back. */
export interface Hold {
  readonly arrived: Promise<void>;
  release(): void;
}

const DIST = new URL('../../dist/', import.meta.url);
const RENEWAL = 'POST /session/refresh';
const PAGE = `<!doctype html><title>test</title><script type="module">
  import { createClient } from '/client/index.js';
  globalThis.client = createClient();
</script>`;

export async function startFront(target: string): Promise<Front> {
  const asked: string[] = [];
  const holds: OpenHold[] = [];
  const requests = new Map<string, OpenHold>();
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
    const held = requests.get(`${method} ${url}`);
    requests.delete(`${method} ${url}`);
    held?.arrived();
    await held?.released;
    const isRenewal = `${method} ${url}` === RENEWAL;
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
      const { hold, open } = createHold();
      holds.push(open);
      return hold;
    },
    holdRequest(line) {
      const { hold, open } = createHold();
      requests.set(line, open);
      return hold;
    },
    countRenewals: () => asked.filter((line) => line === RENEWAL).length,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return front;
}

/** The side of a hold that the front uses. */
interface OpenHold {
  readonly arrived: () => void;
  readonly released: Promise<void>;
}

function createHold(): { readonly hold: Hold; readonly open: OpenHold } {
  let release = (): void => {};
  let arrived = (): void => {};
  const hasArrived = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { hold: { arrived: hasArrived, release }, open: { arrived, released } };
}

async function forward(req: IncomingMessage, url: string): Promise<IncomingMessage> {
  const { method, headers } = req;
  const outgoing = send(url, { method, headers, agent: false });
  const answered = once(outgoing, 'response');
  req.pipe(outgoing);
  const [answer] = (await answered) as [IncomingMessage];
  return answer;
}
