export { createFakeClock } from './clock.js';
export { createFaultyDenylist, createFaultyStore } from './faults.js';
export { createMemoryLogger, silentLogger } from './loggers.js';
export { type SignedIn, signIn } from './sign-in.js';
