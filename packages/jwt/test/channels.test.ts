import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createStatelessSessions, memoryDenylist, verifyOnly } from '@sess/jwt';
import { silentLogger } from '@sess/testkit';
import { expect, it } from 'vitest';

const TOKEN = {
  issuer: 'https://api.example.com',
  audience: 'https://api.example.com',
  logger: silentLogger,
};

it('engines without a store publish their events on the channels, too', async () => {
  const messages: unknown[] = [];
  const listen = (message: unknown, name: string | symbol) => void messages.push([name, message]);
  const names = ['sess:created', 'sess:rejected', 'sess:store-call'];
  for (const name of names) subscribe(name, listen);
  const keys = 'a secret of at least thirty-two bytes';
  const stateless = createStatelessSessions({ ...TOKEN, keys, denylist: memoryDenylist() });
  const { session } = await stateless.create({ subject: 'ada' });
  await verifyOnly({ ...TOKEN, jwksUri: `${TOKEN.issuer}/jwks.json` }).verify('x');
  for (const name of names) unsubscribe(name, listen);
  expect(messages).toEqual([
    ['sess:store-call', { operation: 'currentVersion', duration: expect.any(Number), ok: true }],
    ['sess:created', { sid: session.sid, subject: 'ada' }],
    ['sess:rejected', { token: 'access', reason: 'malformed' }],
  ]);
});
