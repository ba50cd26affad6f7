import type { Exchange } from '../../src/http/exchange.js';

/** A request as an adapter shows it, for code that only reads. */
export function exchangeOf(
  request: Partial<Pick<Exchange, 'method' | 'path' | 'query' | 'protocol' | 'host' | 'ip'>> & {
    readonly headers?: Readonly<Record<string, string | undefined>>;
  },
): Exchange {
  const { headers = {}, ...rest } = request;
  const notHere = (): never => {
    throw new Error('this exchange is for reading headers only');
  };
  return {
    method: 'POST',
    path: '/session/refresh',
    query: '',
    protocol: 'https',
    host: 'api.example.com',
    ip: undefined,
    ...rest,
    header: (name) => headers[name],
    authorization: notHere,
    parsedBody: notHere,
    readJson: notHere,
    setHeader: notHere,
    chooseCaching: notHere,
    vary: notHere,
    setCookie: notHere,
  };
}
