import { createSessions, type Session } from '@sess/core';
import { createWebSessions } from '@sess/web';
import { expect, walk } from './expect.js';

interface Profile {
  handle: string;
}

const web = createWebSessions(createSessions<Profile>(), { routes: 'all' });
const me = web.guard({ where: ({ data }) => data.handle !== '' }, ({ session }) => {
  const handle: string = session.data.handle;
  return Response.json({ handle });
});

await walk((path, init) => {
  const request = new Request(`http://localhost${path}`, init);
  return web.handle(request, async (sessions) => {
    if (path === '/me') return me(sessions);
    const { user } = (await request.json()) as { user: string };
    // @ts-expect-error the handle is missing
    const wrong = () => sessions.start({ subject: user, data: {} });
    const data = { handle: typeof wrong === 'function' ? 'Ada' : '' };
    return Response.json(await sessions.start({ subject: user, data }));
  });
});

const session: Session<Profile> | null = await web.read(new Headers());
expect(session === null, 'a request without credentials has no session');
