/*
 * `npm start fastify` runs this: the demo application on Fastify. Its routes are in examples/demo/src/hosts/fastify.ts,
 * its settings in examples/demo/src/settings.ts. The program to copy is app.ts.
 */
import { run } from '@sess/example-demo';
import { createListener } from '@sess/example-demo/fastify';

await run(createListener);
