import { getRequestListener } from '@hono/node-server';
import { createPage } from '@sess/example-common';
import { type Host, listenOn } from '../../common/testing/host.js';
import { createApp } from '../src/app.js';

export const host: Host = (sessions) => {
  const app = createApp(sessions, { page: createPage() });
  return listenOn(sessions, getRequestListener(app.fetch));
};
