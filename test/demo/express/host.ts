import { createListener } from '@sess/example-demo/express';
import { createHost } from '../host.js';

export const host = createHost(createListener);
