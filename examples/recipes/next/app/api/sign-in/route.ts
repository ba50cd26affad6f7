import { web } from '../../../sessions';

export function POST(request: Request) {
  return web.handle(request, async (sessions) => {
    // Check a password here.
    await sessions.start({ subject: 'ada' });
    return new Response(null, { status: 303, headers: { Location: '/account' } });
  });
}
