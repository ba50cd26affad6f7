import { type ActionFunctionArgs, Form, redirect } from 'react-router';
import { sessionsOf } from '../sessions.server';

export async function action({ context }: ActionFunctionArgs) {
  // Check a password here.
  await context.get(sessionsOf).start({ subject: 'ada' });
  return redirect('/account');
}

export default function SignIn() {
  return (
    <Form method="post">
      <button type="submit">Sign in</button>
    </Form>
  );
}
