import { dbsc, dpop } from '@sess/bound';
import { createSessions } from '@sess/core';
import { createSessionHttp } from '@sess/core/http';
import { expect } from './expect.js';

const sessions = createSessions();
const http = createSessionHttp(() => sessions, {
  transport: 'cookie',
  bound: dbsc({ boundTtl: '15m' }),
});
const paths = http.routes.map(({ path }) => path);
const bound = dpop({ origin: 'https://api.example.com' });
expect(typeof bound.open === 'function', 'tokens can be bound');
expect(paths.includes('/session/bind'), 'the route of proofs is mounted');
