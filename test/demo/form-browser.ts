import { once } from 'node:events';
import {
  request as createRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { text } from 'node:stream/consumers';

const NAVIGATION = {
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A browser with one cookie that loads pages and sends forms. `fetch` of Node would write Fetch Metadata of its own. */
export class Browser {
  readonly #base: string;
  cookie: string | undefined;

  constructor(base: string) {
    this.#base = base;
  }

  load(path: string): Promise<Answer> {
    return this.#send(path, { method: 'GET', headers: NAVIGATION });
  }

  submit(path: string, fields: Record<string, string>, source = {}): Promise<Answer> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { method: 'POST', headers: { ...NAVIGATION, ...type, ...source } };
    return this.#send(path, options, new URLSearchParams(fields).toString());
  }

  async #send(path: string, options: RequestOptions, body = ''): Promise<Answer> {
    const request = createRequest(this.#base + path, options);
    if (this.cookie !== undefined) request.setHeader('cookie', this.cookie);
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    for (const line of response.headers['set-cookie'] ?? []) {
      this.cookie = line.includes('Max-Age=0') ? undefined : line.split(';', 1)[0];
    }
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  }
}

/** Returns where a redirect leads that a browser follows with a GET, or `undefined`. */
export function locationOf({ status, headers }: Answer): string | undefined {
  return status === 303 ? headers.location : undefined;
}
