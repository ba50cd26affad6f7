import type { Duration } from '@sess/core';
import {
  duration,
  oneOf,
  option,
  optionError,
  port,
  type Reader,
  type ReadValues,
} from '@sess/core/internal';
import type { Denylist } from '@sess/core/store';
import { type KeySource, type Keys, toKeySource } from './keys/key-set.js';
import { secretKey } from './keys/secret-key.js';
import type { ExpectedClaims } from './token/claims.js';

/** Options of everything that verifies tokens. */
export interface VerifierOptions {
  /** The claim `iss`: the issuer of the tokens, as in `'https://api.example.com'`. Tokens of others are refused. */
  readonly issuer: string;
  /** The claim `aud`: the services that the tokens are for. Tokens that name none of them are refused. */
  readonly audience: string | readonly string[];
  /**
   * The largest difference between the clocks of issuer and verifier. Default: `'0s'`, at most `'5m'`. It lengthens
   * the life of every token.
   */
  readonly leeway?: Duration;
  /**
   * Claims of the application that a token must have, and that must not be empty. Tokens without them are neither
   * accepted nor issued. Default: none.
   */
  readonly requiredClaims?: readonly string[];
}

/** Options of everything that issues tokens. */
export interface TokenOptions extends VerifierOptions {
  /**
   * What signs and verifies. A string is a secret for HS256 of at least 32 bytes. A function is called at every use. A
   * key set can be changed while it is in use.
   */
  readonly keys: Keys;
}

/** The options of a verifier, validated and defaulted. Times are milliseconds. */
export interface VerifierSettings {
  readonly expected: ExpectedClaims;
  readonly leeway: number;
}

/** `undefined` becomes the default of a reader; these options have none. */
const nameOption: Reader<string> = (name, value) => {
  if (typeof value === 'string' && value !== '' && value.length <= 512) return value;
  throw optionError({
    option: name,
    expected: "1 to 512 characters, as in 'https://api.example.com'",
    value,
  });
};

const audienceOption: Reader<readonly string[]> = (name, value) => {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) {
    throw optionError({ option: name, expected: 'at least one audience', value });
  }
  return Object.freeze(Array.from(list, (audience) => nameOption(name, audience)));
};

const requiredClaimsOption: Reader<readonly string[]> = (name, value = []) => {
  const list: readonly unknown[] | undefined = Array.isArray(value) ? Array.from(value) : undefined;
  if (list?.every((claim) => typeof claim === 'string' && claim !== '')) {
    return Object.freeze(list as readonly string[]);
  }
  throw optionError({ option: name, expected: "claim names, as in ['email', 'role']", value });
};

/** Readers of the options of a verifier. */
export const VERIFIER_READERS: {
  readonly issuer: Reader<string>;
  readonly audience: Reader<readonly string[]>;
  readonly leeway: Reader<number>;
  readonly requiredClaims: Reader<readonly string[]>;
} = {
  issuer: nameOption,
  audience: audienceOption,
  leeway: duration({ default: '0s', min: 0, max: 300_000 }),
  requiredClaims: requiredClaimsOption,
};

/** Reads the option `keys`. */
export const keysOption: Reader<KeySource> = (_name, value) =>
  toKeySource(value as Keys | undefined, secretKey);

const DENYLIST_METHODS = [
  'currentVersion',
  'isDenied',
  'deny',
  'denyAll',
  'supersede',
  'ready',
  'close',
] as const satisfies readonly (keyof Denylist)[];

const DENYLIST_REPAIR = 'Give memoryDenylist(), or redisDenylist(client) of @sess/redis.';

/** Reads the option `denylist`. */
export const denylistOption: Reader<Denylist | undefined> = (name, value) => {
  const denylist = port<Denylist>({ methods: DENYLIST_METHODS, repair: DENYLIST_REPAIR })(
    name,
    value,
  );
  if (denylist === undefined || (Number.isFinite(denylist.timeout) && denylist.timeout > 0)) {
    return denylist;
  }
  const { timeout } = denylist;
  throw optionError({
    option: `${name}.timeout`,
    expected: 'milliseconds',
    value: timeout,
    repair: DENYLIST_REPAIR,
  });
};

/** Reads the option `onDenylistError`. */
export const onDenylistErrorOption: Reader<'fail' | 'accept'> = oneOf('fail', 'accept');

/** Creates a reader for an optional function. */
export function functionOption<Value>(expected: string): Reader<Value | undefined> {
  return option<Value>({ expected, accepts: (value) => typeof value === 'function' });
}

/** Returns the settings of a verifier from its options. */
export function toVerifierSettings(values: ReadValues<typeof VERIFIER_READERS>): VerifierSettings {
  const { issuer, audience: audiences, requiredClaims: required, leeway } = values;
  return { expected: Object.freeze({ issuer, audiences, required }), leeway };
}
