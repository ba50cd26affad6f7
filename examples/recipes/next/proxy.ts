import { type NextRequest, NextResponse } from 'next/server';
import { web } from './sessions';

const pass = () => NextResponse.next();
const account = web.guard({ redirectTo: '/sign-in' }, pass);

/** Serves the session routes, and renews the cookie: server components cannot set one. */
export async function proxy(request: NextRequest) {
  const isGuarded = request.nextUrl.pathname.startsWith('/account');
  const response = await web.handle(request, isGuarded ? account : pass);
  const location = response.headers.get('location');
  // Next.js takes only whole URLs from a proxy.
  if (location !== null) response.headers.set('location', new URL(location, request.url).href);
  return response;
}

export const config = { matcher: '/((?!_next/|favicon.ico).*)' };
