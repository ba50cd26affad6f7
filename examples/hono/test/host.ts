import { getRequestListener } from '@hono/node-server';
import { createSessions } from '@sess/core';
import { createPage } from '@sess/example-common';
import { type Host, listenOn } from '../../common/testing/host.js';
import { createApp } from '../src/app.js';

export const host: Host = async (options) => {
  const sessions = createSessions(options);
  const app = createApp(sessions, { page: createPage() });
  return listenOn(sessions, getRequestListener(app.fetch));
};
