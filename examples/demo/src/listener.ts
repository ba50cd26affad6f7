import type { RequestListener } from 'node:http';
import type { Sessions } from '@sess/core';

/** What a request of the demo is identified by. */
export type Transport = 'bearer' | 'cookie' | 'both';

/** Creates the demo's routes in one framework. Default transport: `'bearer'`. */
export type CreateListener = (
  sessions: Sessions,
  transport?: Transport,
) => RequestListener | Promise<RequestListener>;
