import { requireSession } from '@sess/express';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { Router } from 'express';

/** A table of passkeys. */
export interface Passkeys {
  add(subject: string, passkey: WebAuthnCredential): Promise<void>;
  of(subject: string): Promise<readonly WebAuthnCredential[]>;
  find(id: string): Promise<{ subject: string; passkey: WebAuthnCredential } | undefined>;
  setCounter(id: string, counter: number): Promise<void>;
}

export interface PasskeyOptions {
  /** Scheme, host and port of this application. */
  readonly origin: string;
  readonly passkeys: Passkeys;
}

/** Passkeys: a user who is signed in adds one, and signs in with it from then on. Bodies are JSON. */
export function createPasskeyRoutes({ origin, passkeys }: PasskeyOptions): Router {
  const router = Router();
  const rpID = new URL(origin).hostname;
  const expected = { expectedOrigin: origin, expectedRPID: rpID };
  // A thief of a session must not add a key to the account.
  const recent = requireSession({ authenticatedWithin: '10m' });

  router.post('/passkeys/options', recent, async (req, res) => {
    const subject = req.session?.subject ?? '';
    const options = await generateRegistrationOptions({
      rpName: 'Example',
      rpID,
      userName: subject,
      excludeCredentials: (await passkeys.of(subject)).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    await req.sessions.put('passkey:add', options.challenge, '5m');
    res.json(options);
  });

  router.post('/passkeys', recent, async (req, res) => {
    const expectedChallenge = await req.sessions.take('passkey:add');
    if (typeof expectedChallenge !== 'string') return void res.sendStatus(400);
    const response = req.body as RegistrationResponseJSON;
    const result = await verifyRegistrationResponse({
      response,
      expectedChallenge,
      ...expected,
    }).catch(refuse);
    if (!result?.verified) return void res.sendStatus(400);
    await passkeys.add(req.session?.subject ?? '', result.registrationInfo.credential);
    res.sendStatus(204);
  });

  router.post('/sign-in/passkey/options', async (req, res) => {
    const options = await generateAuthenticationOptions({ rpID, userVerification: 'required' });
    await req.sessions.put('passkey:sign-in', options.challenge, '5m');
    res.json(options);
  });

  router.post('/sign-in/passkey', async (req, res) => {
    // Taken before the check: a challenge counts for one attempt.
    const expectedChallenge = await req.sessions.take('passkey:sign-in');
    const response = req.body as AuthenticationResponseJSON;
    const found = await passkeys.find(String(response?.id));
    if (typeof expectedChallenge !== 'string' || found === undefined)
      return void res.sendStatus(400);
    const { subject, passkey } = found;
    const result = await verifyAuthenticationResponse({
      response,
      expectedChallenge,
      ...expected,
      credential: passkey,
    }).catch(refuse);
    if (!result?.verified) return void res.sendStatus(400);
    await passkeys.setCounter(passkey.id, result.authenticationInfo.newCounter);
    // A key and the fingerprint or PIN that unlocks it are two factors.
    await req.sessions.start({ subject, acr: 'two-factor', amr: ['pop', 'mfa'] });
    res.sendStatus(204);
  });

  return router;
}

/** The library throws for a response that is wrong in form, of another challenge or of another site. */
function refuse(): undefined {}
