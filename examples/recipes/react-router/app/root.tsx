import { Outlet, Scripts } from 'react-router';
import { sessionMiddleware } from './sessions.server';

export const middleware = [sessionMiddleware];

/** Without a loader, the middleware would not run for pages that have none. */
export const loader = () => null;

export default function Root() {
  return (
    <html lang="en">
      <body>
        <Outlet />
        <Scripts />
      </body>
    </html>
  );
}
