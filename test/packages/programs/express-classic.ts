import { createSessions } from '@sess/core';
import { session } from '@sess/express/classic';
import express from 'express';
import { expect } from './expect.js';

const app = express();
app.use(session(createSessions(), { subject: () => undefined }));
app.get('/', (req, res) => {
  req.session.regenerate(() => res.json(req.sessionID));
});
expect(typeof app === 'function', 'the classic middleware can be mounted');
