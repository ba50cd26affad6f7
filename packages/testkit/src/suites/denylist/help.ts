import type { DeniableToken, Denial, Supersession } from '@sess/core/store';
import { expect } from 'vitest';
import { createRecord, tagFor } from '../record-factory.js';
import type { CurrentDenylist } from './harness.js';

/** Milliseconds: longer than any test. */
export const LIFE = 600_000;

export const ADA: string = tagFor('ada');

let made = 0;

/** A name that was not given before: of a token, or of an operation. */
export function createName(): string {
  made += 1;
  return `${'n'.repeat(16)}${String(made).padStart(6, '0')}`;
}

export function createSid(subject = 'ada'): string {
  return createRecord({ now: 0, subject }).sid;
}

/** Short forms of what a test does with a denylist. */
export interface Scene {
  /** A token as an engine would make it now; of a new session unless one is given. */
  issue(given?: { readonly sid?: string; readonly jti?: string }): Promise<DeniableToken>;
  isDenied(token: DeniableToken): Promise<boolean>;
  deny(...denials: readonly Denial[]): Promise<void>;
  /** Returns the operation, by which the call can be repeated. */
  denyAll(except?: string, operation?: string): Promise<string>;
  succeed(token: DeniableToken, successor?: string): Promise<Supersession | undefined>;
}

export function createScene(current: CurrentDenylist): Scene {
  return {
    async issue({ sid = createSid(), jti = createName() } = {}) {
      const version = await current().denylist.currentVersion(sid.slice(0, 16), LIFE);
      return { sid, jti, version };
    },
    async isDenied(token) {
      const { denylist, now } = current();
      const at = now();
      // Before and after the read that fills a cache: a denied token is never known to be valid.
      const before: unknown = denylist.isKnownValid?.(token, at);
      const isDenied = await denylist.isDenied(token, at);
      const after: unknown = denylist.isKnownValid?.(token, at);
      for (const known of [before, after]) {
        expect([true, false, undefined]).toContain(known);
        if (isDenied) expect(known).not.toBe(true);
      }
      return isDenied;
    },
    deny: (...denials) => current().denylist.deny(ADA, denials, LIFE),
    async denyAll(except, operation = createName()) {
      const options = { operation, ttlMs: LIFE, ...(except === undefined ? {} : { except }) };
      await current().denylist.denyAll(ADA, options);
      return operation;
    },
    succeed(token, successor = createName()) {
      const { denylist, now } = current();
      return denylist.supersede(token, { at: now(), successor, ttlMs: LIFE });
    },
  };
}
