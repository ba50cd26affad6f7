import {
  createSessions,
  isSessError,
  memoryStore,
  type Session,
  type Sessions,
  UsageError,
} from '@sess/core';
import * as http from '@sess/core/http';
import * as store from '@sess/core/store';
import { expect } from './expect.js';

interface Profile {
  handle: string;
  theme?: 'dark' | 'light';
}

const sessions: Sessions<Profile> = createSessions<Profile>({ store: memoryStore() });
const { accessToken, refreshToken } = await sessions.create({
  subject: 'ada',
  data: { handle: 'Ada' },
});
// @ts-expect-error the handle is missing
const wrong = () => sessions.create({ subject: 'ada', data: {} });
expect(typeof wrong === 'function', 'the compiler rejects a missing handle');

const verified = await sessions.verify(accessToken);
expect(verified.ok, 'the access token is good');
if (verified.ok) {
  const { data }: Session<Profile> = verified.session;
  const handle: string = data.handle;
  expect(handle === 'Ada', 'the data is that of the sign-in');
  try {
    // @ts-expect-error data is changed by update
    data.handle = 'Grace';
    expect(false, 'data cannot be written to');
  } catch (error) {
    expect(error instanceof TypeError, 'data is frozen');
  }
}

const refreshed = await sessions.refresh(refreshToken);
expect(refreshed.ok && refreshed.session.data.handle === 'Ada', 'the refresh token is good');
expect((await sessions.revokeAll('ada')) === 1, 'there was one session to revoke');
expect(!(await sessions.verify(accessToken)).ok, 'its token is rejected');

try {
  createSessions({ accessTtl: '0s' });
  expect(false, 'a lifetime of zero is refused');
} catch (error) {
  expect(error instanceof UsageError && isSessError(error), 'refused by an error of the library');
}
expect(typeof http.createSessionHttp === 'function', '@sess/core/http is there');
expect(store.TOMBSTONE_TTL_MS > 0, '@sess/core/store is there');
await sessions.close();
