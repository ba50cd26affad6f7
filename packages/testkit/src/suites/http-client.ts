import { type Agent, request as send } from 'node:http';

/** A response as it came over the socket. */
export interface WireAnswer {
  readonly status: number;
  /** Header values by lower-case name; several lines of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly text: string;
}

export interface WireRequest {
  /** Default: GET. */
  readonly method?: string;
  /** Header lines as they are to be sent; a name may occur twice. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Sent as it is; an object is sent as JSON with its content type. */
  readonly body?: string | object;
  /** The connections to use and keep. Default: a new connection for each request. */
  readonly agent?: Agent;
}

/** Sends one request, with exactly the header lines given, over a new socket unless an agent is given. */
export function sendRequest(url: string, given: WireRequest = {}): Promise<WireAnswer> {
  const isJson = typeof given.body === 'object';
  const body = isJson ? JSON.stringify(given.body) : (given.body as string | undefined);
  const lines: (readonly [string, string])[] = [
    ['Host', new URL(url).host],
    ['Connection', given.agent === undefined ? 'close' : 'keep-alive'],
    ...(isJson ? ([['Content-Type', 'application/json']] as const) : []),
    ...(body === undefined ? [] : ([['Content-Length', String(Buffer.byteLength(body))]] as const)),
    ...(given.headers ?? []),
  ];
  return new Promise((resolve, reject) => {
    // A flat list is sent line by line; an object would fold two lines of one name.
    const headers = lines.flat() as unknown as Record<string, string>;
    const outgoing = send(url, {
      method: given.method ?? 'GET',
      headers,
      agent: given.agent ?? false,
      setHost: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const named: Record<string, string> = {};
        for (const [name, values] of Object.entries(incoming.headersDistinct))
          named[name] = (values ?? []).join(', ');
        resolve({
          status: incoming.statusCode ?? 0,
          headers: named,
          setCookies: incoming.headersDistinct['set-cookie'] ?? [],
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(body);
  });
}
