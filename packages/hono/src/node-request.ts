import { headerLines } from '@sess/core/http';
import type { Context } from 'hono';

/** Answers the client's address, or `undefined` when it is not known. */
export type ClientIp = (c: Context) => string | undefined;

/** What `@hono/node-server` hands in as `c.env`; other runtimes have things of their own there, or nothing. */
interface NodeBindings {
  readonly incoming?: {
    readonly rawHeaders?: readonly string[];
    readonly socket?: { readonly remoteAddress?: string };
  };
}

/** The lines of one header as they came over the socket; none where there is no such list. */
export function rawLines({ env }: Context, name: string): readonly string[] {
  return headerLines((env as NodeBindings | undefined)?.incoming?.rawHeaders ?? [], name);
}

/** The other end of the connection: the client, or the proxy before it. */
export const socketAddress: ClientIp = ({ env }) =>
  (env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress;
