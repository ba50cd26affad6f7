import { createListener } from '@sess/example-demo/hono';
import { createHost } from '../host.js';

export const host = createHost(createListener);
