/*
 * `npm start` runs this: the demo application on Express. Its routes are in examples/demo/src/hosts/express.ts,
 * its settings in examples/demo/src/settings.ts. The program to copy is app.ts.
 */
import { run } from '@sess/example-demo';
import { createListener } from '@sess/example-demo/express';

await run(createListener);
