import type { Sessions } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { RequestOperations } from '../../src/http/request-operations.js';
import { endByAccessToken, endDuplicates, endPresented } from '../../src/http/sign-out.js';
import { type Sent, serve } from './open.js';

function arrangeSignOut(engine: Partial<Sessions> = {}) {
  const served = serve({ transport: 'both' }, {}, () => ({ ...served.sessions, ...engine }));
  const open = (sent: Sent) =>
    RequestOperations.requestOf(served.open({ method: 'POST', ...sent }).request);
  return { ...served, open };
}

describe('a sign-out without a token', () => {
  it('a sign-out without a token does not ask the engine, which cannot end sessions if it only verifies', async () => {
    const end = () => Promise.reject(new RangeError('an engine that only verifies'));
    const { open } = arrangeSignOut({ end });
    expect(await endByAccessToken(open({}))).toBe(false);
    await expect(endPresented(open({}))).resolves.toBeUndefined();
    await expect(endByAccessToken(open({ bearer: 'any' }))).rejects.toThrow(RangeError);
    await expect(endPresented(open({ bearer: 'any' }))).rejects.toThrow(RangeError);
  });
});

describe('a sign-out with several cookies of one name', () => {
  it('a sign-out ends the sessions of eight cookies of one name, so that a request cannot cause more work', async () => {
    const { sessions, open } = arrangeSignOut();
    const issued = [];
    for (let count = 0; count < 9; count += 1) {
      issued.push(await sessions.create({ subject: 'ada' }));
    }
    const cookie = issued.map(({ refreshToken }) => `__Host-sess=${refreshToken}`).join('; ');
    await endDuplicates(open({ headers: { cookie } }));
    const left = await sessions.list('ada');
    expect(left.map(({ sid }) => sid)).toEqual([issued[8]?.session.sid]);
  });
});
