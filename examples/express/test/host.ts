import { type Host, listenOn } from '../../common/testing/host.js';
import { createApp } from '../src/app.js';

export const host: Host = (sessions) => listenOn(sessions, createApp(sessions));
