import { type Duration, UsageError } from '@sess/core';
import { parseDuration } from '@sess/core/options';
import type { Denylist } from '@sess/core/store';
import { type KeySource, type Keys, toKeySource } from './keys/key-set.js';
import { secretKey } from './keys/secret-key.js';
import type { ExpectedClaims } from './token/claims.js';

/** What every issuer and verifier of tokens is told. */
export interface TokenOptions {
  /**
   * What signs and verifies. A string is a secret for HS256, of at least 32 bytes. A function is asked at every use; a
   * key set can be changed while it is in use.
   */
  readonly keys: Keys;
  /** Claim `iss`: who issues the tokens, as in `'https://api.example.com'`. Tokens of another are refused. */
  readonly issuer: string;
  /** Claim `aud`: whom the tokens are for. Tokens that name none of them are refused. */
  readonly audience: string | readonly string[];
  /** What clocks of signers and verifiers may be apart. Default: `'0s'`; at most `'5m'`. It lengthens every token's life. */
  readonly leeway?: Duration;
  /** How many verified tokens are remembered, by a digest. Default: 10,000; 0 verifies every signature anew. */
  readonly maxRemembered?: number;
  /** Claims of the application that a token must have, and not empty: no other is accepted, or made. Default: none. */
  readonly requiredClaims?: readonly string[];
}

/** Their names, for whoever takes them among its own. */
export const VERIFIER_OPTIONS: readonly Exclude<keyof TokenOptions, 'keys'>[] = [
  'issuer',
  'audience',
  'leeway',
  'maxRemembered',
  'requiredClaims',
];

/** The options once validated; times are milliseconds. */
export interface TokenSettings {
  readonly source: KeySource;
  readonly expected: ExpectedClaims;
  readonly leeway: number;
  readonly maxRemembered: number;
}

/** @throws UsageError `invalid_option` */
export function resolveTokenOptions(options: TokenOptions): TokenSettings {
  return Object.freeze({
    source: toKeySource(options.keys, secretKey),
    ...resolveVerifierOptions(options),
  });
}

/** @throws UsageError `invalid_option` */
export function resolveVerifierOptions(
  options: Omit<TokenOptions, 'keys'>,
): Omit<TokenSettings, 'source'> {
  const { maxRemembered = 10_000, requiredClaims = [], leeway = 0 } = options;
  if (!Number.isInteger(maxRemembered) || maxRemembered < 0 || maxRemembered > 10_000_000) {
    throw invalid('maxRemembered: write a whole number from 0 to 10,000,000.');
  }
  return {
    expected: Object.freeze({
      issuer: assertName('issuer', options.issuer),
      audiences: resolveAudiences(options.audience),
      required: resolveRequired(requiredClaims),
    }),
    leeway: parseDuration('leeway', leeway, { min: 0, max: 300_000 }),
    maxRemembered,
  };
}

const DENYLIST_METHODS = [
  'currentVersion',
  'isDenied',
  'deny',
  'denyAll',
  'supersede',
  'ready',
  'close',
] as const satisfies readonly (keyof Denylist)[];

/** @throws UsageError `invalid_option` */
export function assertDenylist(denylist: Denylist | undefined): void {
  if (denylist === undefined) return;
  const isWhole = DENYLIST_METHODS.every((method) => typeof denylist?.[method] === 'function');
  if (isWhole && Number.isFinite(denylist.timeout) && denylist.timeout > 0) return;
  throw new UsageError(
    'invalid_option',
    'denylist: give memoryDenylist(), or redisDenylist(client) of @sess/redis.',
  );
}

/** @throws UsageError `invalid_option` */
export function resolveOnDenylistError(given: unknown = 'fail'): 'fail' | 'accept' {
  if (given === 'fail' || given === 'accept') return given;
  throw invalid("onDenylistError: write 'fail' or 'accept'.");
}

function resolveAudiences(audience: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  if (list.length === 0)
    throw invalid("audience: write one at least, as in 'https://api.example.com'.");
  return Object.freeze(Array.from(list, (name) => assertName('audience', name)));
}

function resolveRequired(names: unknown): readonly string[] {
  const list: readonly unknown[] | undefined = Array.isArray(names) ? Array.from(names) : undefined;
  if (list?.every((name) => typeof name === 'string' && name !== '')) {
    return Object.freeze(list as readonly string[]);
  }
  throw invalid("requiredClaims: write a list of names, as in ['email', 'role'].");
}

function assertName(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= 512) return value;
  throw invalid(`${option}: write 1 to 512 characters, as in 'https://api.example.com'.`);
}

function invalid(message: string): UsageError {
  return new UsageError('invalid_option', message);
}
