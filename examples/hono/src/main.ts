/*
 * `npm start hono` runs this: the demo application on Hono. Its routes are in examples/demo/src/hosts/hono.ts,
 * its settings in examples/demo/src/settings.ts. The program to copy is app.ts.
 */
import { run } from '@sess/example-demo';
import { createListener } from '@sess/example-demo/hono';

await run(createListener);
