import { __camel__Store } from '@sess/__name__';
import { createSessions } from '@sess/core';
import { expect } from './expect.js';

const sessions = createSessions({ store: __camel__Store({ timeout: 500 }) });
expect(typeof sessions.verify === 'function', 'it goes where a store goes');
await sessions.close();
