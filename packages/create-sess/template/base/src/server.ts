import { createSessions } from '@sess/core';
import { createApp } from './app.js';
import { openStore } from './store.js';

const { store, close } = await openStore();
const sessions = createSessions({ store });
const server = createApp(sessions).listen(Number(process.env['PORT'] ?? 3000), () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : address;
  console.log(`listening on http://localhost:${port}`);
});

process.once('SIGTERM', () => {
  server.close(async () => {
    await sessions.close();
    await close();
  });
});
