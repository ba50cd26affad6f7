import type { Issued, PresentResult } from '@sess/core';
import type { BoundSessions, Reply, RequestClass } from '@sess/core/http';
import { problemReply } from '@sess/core/internal';
import type { DbscPort } from './port.js';

/** The route of proofs. */
export const ROUTES: NonNullable<BoundSessions['routes']> = {
  '/bind': {
    method: 'POST',
    summary: 'Registers the key of a browser, and renews its cookie',
    result: 'binding',
    handle: ({ request }) => (request as unknown as { bind(): Promise<Reply> }).bind(),
  },
};

/** Returns the class of requests whose cookies are those of bound sessions. */
export function extendRequest(Request: RequestClass, port: DbscPort): RequestClass {
  return class DbscRequest<Data extends object> extends Request<Data> {
    /** Returns the reply of the route. */
    bind(): Promise<Reply> {
      return port.handle(this);
    }

    override acceptCookie(result: PresentResult<Data>): undefined {
      // The browser of the device then proves its key and gets a new cookie. In any other browser this one is worthless.
      if (!result.ok && result.reason === 'unbound') this.cookie.clear();
      return super.acceptCookie(result);
    }

    override deliver(issued: Issued<Data>, presented?: string) {
      const tokens = super.deliver(issued, presented);
      if (presented === undefined) port.onIssued(this, issued);
      return tokens;
    }

    override refuse(): Reply {
      // The session lives, and the browser could not renew: a redirect to the sign-in would replace it.
      const isSkipped = this.exchange.header('secure-session-skipped') !== undefined;
      return isSkipped && this.credentials.kind !== 'token'
        ? problemReply('store_unavailable')
        : super.refuse();
    }
  };
}
