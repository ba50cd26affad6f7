import { createSessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createWebSessions } from '../../web/src/index.js';
import { createReplayMemory, isForRequest, isForToken } from '../src/dpop/claims.js';
import { dpop } from '../src/dpop/dpop.js';
import { createSignatureCheck, type DpopProof, parseDpopProof } from '../src/dpop/proof.js';

/*
 * The examples of RFC 9449, letter by letter: the proofs of figures 2, 6 and 13, the access token of figure 5, its digest
 * in figure 14, and the thumbprint of figure 9. All three proofs have the header of figure 4.
 */
const HEADER =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
const TOKEN_PROOF = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
const REFRESH_PROOF = `${HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA`;
const RESOURCE_PROOF = `${HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
const THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const ACCESS_TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const ACCESS_TOKEN_DIGEST = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo';

const TOKEN_URL = 'https://server.example.com/token';
const RESOURCE_URL = 'https://resource.example.org/protectedresource';

const EXAMPLES = [
  ['the token request of section 5', TOKEN_PROOF, 'POST', TOKEN_URL, 1_562_262_616],
  ['the refresh of section 5', REFRESH_PROOF, 'POST', TOKEN_URL, 1_562_265_296],
  ['the request of section 7.1', RESOURCE_PROOF, 'GET', RESOURCE_URL, 1_562_262_618],
] as const;

function parse(jws: string): DpopProof {
  const proof = parseDpopProof(jws);
  if (proof === undefined) throw new Error('the example is not of the form of a proof');
  return proof;
}

describe('the examples of RFC 9449', () => {
  it.each(EXAMPLES)(
    'the proof of %s has the thumbprint of section 6.1, and its signature verifies',
    async (_what, jws) => {
      const proof = parse(jws);
      expect(proof.jkt).toBe(THUMBPRINT);
      const isSigned = createSignatureCheck();
      expect(await isSigned(proof)).toBe(true);
      const [header, claims] = jws.split('.');
      const other = jws === TOKEN_PROOF ? REFRESH_PROOF : TOKEN_PROOF;
      const forged = parse([header, claims, other.split('.')[2]].join('.'));
      expect(await isSigned(forged)).toBe(false);
    },
  );

  it.each(EXAMPLES)(
    'the proof of %s is for its request at its time, and for no other',
    (_what, jws, method, url, seconds) => {
      const proof = parse(jws);
      const at = seconds * 1_000;
      expect(isForRequest(proof, { method, url, at })).toBe(true);
      expect(isForRequest(proof, { method: 'PUT', url, at })).toBe(false);
      expect(isForRequest(proof, { method, url: `${url}/more`, at })).toBe(false);
      expect(isForRequest(proof, { method, url, at: at + 61_000 })).toBe(false);
      expect(isForRequest(proof, { method, url, at: at - 6_000 })).toBe(false);
    },
  );

  it('the proof of section 7.1 is for the access token of section 5, and for no other', () => {
    const proof = parse(RESOURCE_PROOF);
    expect(proof.claims['ath']).toBe(ACCESS_TOKEN_DIGEST);
    expect(isForToken(proof, ACCESS_TOKEN)).toBe(true);
    expect(isForToken(proof, `${ACCESS_TOKEN}=`)).toBe(false);
    expect(isForToken(parse(TOKEN_PROOF), ACCESS_TOKEN)).toBe(false);
  });

  it('the two proofs of section 5 have one identifier, and each is accepted once at its time', () => {
    const isFirst = createReplayMemory();
    for (const [, jws, , , seconds] of EXAMPLES.slice(0, 2)) {
      const proof = parse(jws);
      expect(isFirst(proof, seconds * 1_000)).toBe(true);
      expect(isFirst(proof, seconds * 1_000 + 60_000)).toBe(false);
    }
  });
});

/** An application whose sign-in is the token endpoint of the examples. */
function openTokenEndpoint(at: number) {
  const clock = createFakeClock();
  clock.set(at);
  const sessions = createSessions({ clock, logger: silentLogger });
  const bound = dpop({ origin: 'https://server.example.com' });
  const web = createWebSessions(sessions, { bound });
  return {
    sessions,
    send: (headers: Record<string, string>) =>
      web.handle({ request: new Request(TOKEN_URL, { method: 'POST', headers }) }, async (own) =>
        Response.json(await own.start({ subject: 'someone@example.com' })),
      ),
  };
}

describe('a sign-in at the token endpoint of the examples', () => {
  it('with the proof of section 5 is of type DPoP, and bound to the thumbprint of section 6.1', async () => {
    const { sessions, send } = openTokenEndpoint(1_562_262_616_000);
    const response = await send({ DPoP: TOKEN_PROOF });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ token_type: 'DPoP' });
    const [session] = await sessions.list('someone@example.com');
    expect(session?.binding).toEqual({ kind: 'dpop', jkt: THUMBPRINT });
    expect((await send({ DPoP: TOKEN_PROOF })).status).toBe(400);
  });

  it('with the proof of section 7.1, for another request, is refused', async () => {
    const { send } = openTokenEndpoint(1_562_262_616_000);
    const response = await send({ DPoP: RESOURCE_PROOF });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_dpop_proof' });
  });
});
