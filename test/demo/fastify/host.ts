import { createListener } from '@sess/example-demo/fastify';
import { createHost } from '../host.js';

export const host = createHost(createListener);
