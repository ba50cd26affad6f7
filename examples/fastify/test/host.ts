import { type Host, listenOn } from '../../common/testing/host.js';
import { createApp } from '../src/app.js';

export const host: Host = async (sessions) => {
  const app = await createApp(sessions);
  return listenOn(sessions, app.routing);
};
