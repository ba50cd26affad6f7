import { requireSession, sessionMiddleware } from '@sess/__name__';
import { createSessions } from '@sess/core';
import { expect } from './expect.js';

// In its place: an application, and walk() through it.
const middleware = sessionMiddleware(createSessions(), { routes: 'all' });
expect(typeof middleware === 'function', 'it takes an engine');
expect(typeof requireSession({ authenticatedWithin: '5m' }) === 'function', 'and guards');
