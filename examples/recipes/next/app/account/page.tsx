import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { web } from '../../sessions';

export default async function Account() {
  const session = await web.read(await headers());
  if (session === null) redirect('/sign-in');
  return (
    <form method="post" action="/session/logout">
      <p>Signed in as {session.subject}</p>
      <button type="submit">Sign out</button>
    </form>
  );
}
