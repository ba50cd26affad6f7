import { app } from './app.mjs';

export default { fetch: app.fetch };
