import { createSessions } from '@sess/core';
import { createKeySet, generateKey, jwt, memoryDenylist, verifyOnly } from '@sess/jwt';
import { createStatelessSessions, type StatelessSessions } from '@sess/jwt/stateless';
import { expect } from './expect.js';

const names = { issuer: 'https://api.example.com', audience: 'https://api.example.com' };
const key = await generateKey('ES256');
const keys = createKeySet(key);

const accessToken = jwt({ keys, ...names, revocation: 'none' });
const beside = createSessions<{ handle: string }>({ accessToken });
const issued = await beside.create({ subject: 'ada', data: { handle: 'Ada' } });
expect(issued.accessToken.split('.').length === 3, 'the access token is signed');

const elsewhere = verifyOnly<{ handle: string }>({
  jwks: { keys: key.publicJwk === undefined ? [] : [key.publicJwk] },
  ...names,
});
const verified = await elsewhere.verify(issued.accessToken);
expect(verified.ok, 'a service with the public keys verifies it');
if (verified.ok) {
  const subject: string = verified.session.subject;
  expect(subject === 'ada', 'it names its subject');
}

const stateless: StatelessSessions<{ handle: string }> = createStatelessSessions<{
  handle: string;
}>({ keys: 'a secret of at least thirty-two bytes', ...names, denylist: memoryDenylist() });
const alone = await stateless.create({ subject: 'ada', data: { handle: 'Ada' } });
const result = await stateless.verify(alone.accessToken);
expect(result.ok && result.session.data.handle === 'Ada', 'a stateless session is accepted');
expect(await stateless.revokeToken(alone.accessToken), 'and can be revoked');
expect(!(await stateless.verify(alone.accessToken)).ok, 'a revoked token is rejected');
await Promise.all([beside.close(), elsewhere.close(), stateless.close()]);
