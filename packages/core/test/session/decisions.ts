import { createTokenFamily } from '../../src/session/issue-tokens.js';
import type { AuthPart, SessionRecord } from '../../src/store/record.js';
import { createRandomBytes } from '../../src/token/crypto.js';
import type { RefreshCredential } from '../../src/token/format.js';

export const AT = 1_750_000_000_000;
export const POLICY = {
  accessTtl: 900_000,
  accessOverlap: 60_000,
  idleTtl: 3_600_000,
  absoluteTtl: 7_200_000,
  grace: 10_000,
  renewAfter: 600_000,
  overlap: 60_000,
};
export const random = createRandomBytes();

/** A record, and the cookie of its newest generation. */
export interface State {
  readonly record: SessionRecord;
  readonly token: RefreshCredential;
}

/** Returns the state after a sign-in. */
export function signIn(): State {
  const sid = 'S'.repeat(32);
  const fresh = createTokenFamily({ at: AT, policy: POLICY, random });
  return {
    record: {
      sid,
      createdAt: AT,
      authVersion: 1,
      dataVersion: 1,
      auth: fresh.auth,
      data: { subject: 'ada', device: {}, data: {} },
    },
    token: { sid, family: fresh.family, generation: 0, secret: fresh.refreshSecret },
  };
}

export const withAuth = ({ record, token }: State, change: Partial<AuthPart>): State => ({
  record: { ...record, auth: { ...record.auth, ...change } },
  token,
});

export const withToken = ({ record, token }: State, change: Partial<RefreshCredential>): State => ({
  record,
  token: { ...token, ...change },
});
