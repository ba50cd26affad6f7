/** What `@hono/node-server` hands in as `c.env`, as far as it is there. */
interface NodeBindings {
  readonly incoming?: {
    readonly rawHeaders?: readonly string[];
    readonly socket?: { readonly remoteAddress?: unknown };
  };
}

/** The lines of one header as they came over the socket; `undefined` where there is no such list. */
export function rawLines(env: unknown, name: string): readonly string[] | undefined {
  const raw = (env as NodeBindings | undefined)?.incoming?.rawHeaders;
  if (!Array.isArray(raw)) return undefined;
  const lines: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    if (String(raw[index]).toLowerCase() === name) lines.push(String(raw[index + 1]));
  }
  return lines;
}

/** The other end of the connection: the client, or the proxy before it. */
export function socketAddress(env: unknown): string | undefined {
  const address = (env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress;
  return typeof address === 'string' ? address : undefined;
}
