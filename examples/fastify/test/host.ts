import { createSessions } from '@sess/core';
import { type Host, listenOn } from '../../common/testing/host.js';
import { createApp } from '../src/app.js';

export const host: Host = async (options) => {
  const sessions = createSessions(options);
  const app = await createApp(sessions);
  return listenOn(sessions, app.routing);
};
