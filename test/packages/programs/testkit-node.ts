import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { createSessions, memoryStore } from '@sess/core';
import { createFaultyStore, createMemoryLogger, signIn } from '@sess/testkit';

it('the helpers work in node:test, without vitest', async () => {
  assert.throws(() => createRequire(import.meta.url).resolve('vitest'));
  const faulty = createFaultyStore(memoryStore());
  const logger = createMemoryLogger();
  const sessions = createSessions({ store: faulty.store, logger });
  const ada = await signIn(sessions, { subject: 'ada' });
  faulty.fail('load');
  await assert.rejects(async () => sessions.verify(ada.accessToken), {
    name: 'StoreUnavailableError',
  });
  faulty.heal();
  assert.equal((await sessions.verify(ada.accessToken)).ok, true);
});
