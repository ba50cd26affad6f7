import { redirect } from '@sveltejs/kit';
import type { Actions } from './$types';

export const actions: Actions = {
  async default({ locals: { sessions } }) {
    // Check a password here.
    await sessions.start({ subject: 'ada' });
    redirect(303, '/account');
  },
};
