import { web } from '../../../sessions';

const me = web.guard({}, ({ session }) => Response.json({ user: session.subject }));

export function GET(request: Request) {
  return web.handle(request, me);
}
