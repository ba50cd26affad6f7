import type { Sessions, SessionsOptions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import type { CacheChoice, Exchange, Reply } from '../../src/http/exchange.js';
import { createSessionHttp } from '../../src/http/handler.js';
import type { RequestOperations } from '../../src/http/request-operations.js';
import { arrange } from '../session/arrange.js';
import { exchangeOf } from './exchange-of.js';

/** What a client sends. */
export interface Sent extends NonNullable<Parameters<typeof exchangeOf>[0]> {
  readonly bearer?: string;
  /** What the framework or the adapter makes of the body. */
  readonly body?: unknown;
}

/** A session route's JSON, whatever it holds. */
export const bodyOf = (reply: Reply | undefined): Record<string, unknown> =>
  JSON.parse(reply?.body ?? '{}');

/** The HTTP side of an engine, with requests that are opened by hand. */
export function serve(
  options: HttpOptions = {},
  engine: SessionsOptions = {},
  getEngine?: () => Sessions,
) {
  const arranged = arrange(engine);
  const http = createSessionHttp(getEngine ?? (() => arranged.sessions), {
    routes: 'all',
    ...options,
  });

  function open({ bearer, body, ...head }: Sent) {
    const cookies: [string, string][] = [];
    const varied: string[] = [];
    const headers: Record<string, string> = {};
    const chosen: CacheChoice[] = [];
    const exchange: Exchange = {
      ...exchangeOf({ method: 'GET', path: '/', ...head }),
      authorization: () => (bearer === undefined ? [] : [`Bearer ${bearer}`]),
      parsedBody: () => body,
      readJson: async () => body,
      setHeader: (name, value) => void Object.assign(headers, { [name]: value }),
      chooseCaching: (choose) => void chosen.push(choose),
      vary: (names) => void varied.push(names),
      setCookie: (...cookie) => void cookies.push(cookie),
    };
    const request = http.createRequest(exchange) as RequestOperations;
    const handle = () => http.handle(request, exchange);
    return { request, cookies, varied, headers, chosen, handle };
  }

  /** Opens a request and has it handled. */
  async function send(sent: Sent) {
    const opened = open(sent);
    return { ...opened, reply: await opened.handle() };
  }
  return { ...arranged, http, open, send };
}
