import { app } from './app.mjs';

const { port } = Bun.serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
console.log(`listening on http://127.0.0.1:${port}`);
