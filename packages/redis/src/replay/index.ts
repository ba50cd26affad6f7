export { withReplay } from './replay-store.js';
