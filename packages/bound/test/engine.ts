import { generateKeyPairSync, sign } from 'node:crypto';
import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import {
  contextOf,
  type EngineContext,
  parseRefreshToken,
  type RefreshCredential,
} from '@sess/core/internal';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { registrationChallenge } from '../src/dbsc/challenges.js';
import { createDeviceRules } from '../src/dbsc/cookies.js';
import { parseProof } from '../src/dbsc/proof.js';
import { createRegistration } from '../src/dbsc/registration.js';
import { createRenewal } from '../src/dbsc/renewal.js';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A device that signs proofs, as compact JWS. */
export interface DeviceKey {
  readonly jwk: object;
  prove(challenge: string, header?: object): string;
}

export function createDeviceKey(): DeviceKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    jwk: publicKey.export({ format: 'jwk' }),
    prove(challenge, header = {}) {
      const text = `${encode({ typ: 'dbsc+jwt', alg: 'ES256', ...header })}.${encode({ jti: challenge })}`;
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
      return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
    },
  };
}

/** An engine with bound sessions, a clock, and a device that signs. */
export function openEngine(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const store = memoryStore();
  const create = (more: SessionsOptions = {}) =>
    createSessions({ store, clock, logger: silentLogger, ...options, ...more });
  const sessions = create();
  const context = contextOf(sessions) as EngineContext;
  Object.assign(context.rules, createDeviceRules(context));
  const register = createRegistration(context, 600_000);
  const renew = createRenewal(context, 600_000);
  const device = createDeviceKey();
  const prove = (challenge: string, header: object) => {
    const proof = parseProof(device.prove(challenge, header));
    if (proof === undefined) throw new Error('the proof is malformed');
    return proof;
  };

  return {
    clock,
    sessions,
    /** Another engine on the same store, whose middleware does not bind. */
    unaware: create(),
    register(refreshToken: string) {
      const token = parseRefreshToken(refreshToken) as RefreshCredential;
      return register(token, prove(registrationChallenge(token), { jwk: device.jwk }));
    },
    async renew(sid: string) {
      const asked = await renew(sid, 'absent');
      return asked.kind === 'challenge' ? renew(sid, prove(asked.challenge, {})) : asked;
    },
  };
}

/** Waits for work in the background. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
