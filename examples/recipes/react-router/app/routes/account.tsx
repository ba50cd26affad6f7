import { type LoaderFunctionArgs, redirect, useLoaderData } from 'react-router';
import { sessionsOf } from '../sessions.server';

export function loader({ context }: LoaderFunctionArgs) {
  const { session } = context.get(sessionsOf);
  if (session === null) throw redirect('/sign-in');
  return { user: session.subject };
}

export default function Account() {
  const { user } = useLoaderData<typeof loader>();
  return (
    <form method="post" action="/session/logout">
      <p>Signed in as {user}</p>
      <button type="submit">Sign out</button>
    </form>
  );
}
