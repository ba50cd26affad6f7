import type { RequestListener } from 'node:http';
import type { Sessions } from '@sess/core';

/** Creates the demo's routes in one framework. */
export type CreateListener = (sessions: Sessions) => RequestListener | Promise<RequestListener>;
