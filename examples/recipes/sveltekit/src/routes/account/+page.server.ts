import { redirect } from '@sveltejs/kit';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { sessions } }) => {
  if (sessions.session === null) redirect(303, '/sign-in');
  return { user: sessions.session.subject };
};
