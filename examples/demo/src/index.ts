export type { CreateListener } from './listener.js';
export { run } from './run.js';
