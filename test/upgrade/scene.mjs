// What is written by one version and continued by another: sessions in every state that a record can be in.
import { setTimeout as sleep } from 'node:timers/promises';

/** With these, records of five minutes ago are due for a renewal, and spent tokens are within the grace. */
export const OPTIONS = {
  accessTtl: '2h',
  idleTtl: '30d',
  renewAfter: '2m',
  overlap: '12m',
  grace: '1h',
};
export const AGE_MS = 5 * 60_000;

/**
 * Signs users in and leaves their sessions in different states.
 *
 * @param {(method: string, ...args: unknown[]) => Promise<any>} call of an engine
 * @returns {Promise<object>} the tokens and ids that clients and the application would have
 */
export async function writeScene(call) {
  const known = {};
  const keep = (name, { session, accessToken, refreshToken, persistent }) => {
    known[name] = { sid: session.sid, accessToken, refreshToken, persistent };
  };
  const signIn = async (name, input) => {
    keep(name, await call('create', input));
    // Sessions of one millisecond are listed in any order.
    await sleep(5);
  };

  await signIn('plain', { subject: 'ada' });
  await signIn('rich', {
    subject: 'ada',
    data: { role: 'admin', tags: ['ä', '—', '1700000000000x'], nested: { deep: [1, null, true] } },
    device: { userAgent: 'Mozilla/5.0 "quoted"', ip: '2001:db8::1', label: 'Ada’s phone' },
    amr: ['pwd'],
  });
  await signIn('short', { subject: 'ada', remember: false, idleTtl: '2h', absoluteTtl: '20d' });
  await signIn('changed', { subject: 'ada', data: { count: 41 } });
  await call('count', known.changed.sid);

  const spent = await call('create', { subject: 'bob' });
  keep('spent', spent);
  keep('successor', await call('refresh', spent.refreshToken));

  const many = await call('create', { subject: 'bob' });
  let newest = many;
  for (let n = 0; n < 5; n += 1) {
    newest = await call('refresh', newest.refreshToken);
    await call('verify', newest.accessToken);
  }
  keep('many', newest);

  const before = await call('create', { subject: 'carol', amr: ['pwd'] });
  keep('former', before);
  const proof = { acr: 'urn:example:two-factor', amr: ['pwd', 'otp'], data: { elevated: true } };
  keep('elevated', await call('elevate', before.session.sid, proof));

  const revoked = await call('create', { subject: 'dan' });
  keep('revoked', revoked);
  await call('revoke', revoked.session.sid);
  await signIn('lost', { subject: 'dan' });
  await call('revokeAll', 'dan');
  await signIn('again', { subject: 'dan' });

  const guest = await call('createGuest', {
    data: { basket: ['tea'] },
    put: { name: 'notice', value: 'saved', ttl: '30m' },
  });
  known.guest = { sid: guest.guest.sid, refreshToken: guest.refreshToken };
  await call('put', known.plain.sid, { name: 'state', value: { nonce: 'n1' }, ttl: '30m' });
  return known;
}
