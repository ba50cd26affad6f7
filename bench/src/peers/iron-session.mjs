// iron-session keeps everything in a sealed cookie; a request unseals it. Nothing can be revoked.
import { sealData, unsealData } from 'iron-session';
import { sampleSession } from '../sample.mjs';

const password = 'a password of the bench that is long enough';

export function createIronSession() {
  return {
    name: 'iron-session, unseal',
    signIn: async (subject) => ({ seal: await sealData(sampleSession(subject), { password }) }),
    async verify({ seal }) {
      const data = await unsealData(seal, { password });
      if (data.subject === undefined) throw new Error('iron-session: not verified');
    },
    async close() {},
  };
}
