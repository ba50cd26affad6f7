import type { Sessions } from '@sess/core';
import type { BoundSessions, BoundSettings, RequestClass } from '@sess/core/http';
import {
  contextOf,
  oneOf,
  option,
  optionError,
  type Readers,
  readOptions,
} from '@sess/core/internal';
import { createDpopPort } from './port.js';
import { extendRequest } from './request.js';

/** How access and refresh tokens are bound to a key of the client. */
export interface DpopOptions {
  /** The origin that clients send requests to, such as `'https://api.example.com'`. Headers are not asked for it. */
  readonly origin: string;
  /** `true`: a sign-in without a proof is refused (400). Default: `false`, such sessions get bearer tokens. */
  readonly required?: boolean;
}

const OPTIONS = {
  origin: option<string>({
    expected: "an origin such as 'https://api.example.com'",
    accepts: (value) =>
      typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value,
  }),
  required: oneOf(false, true),
} satisfies Readers<DpopOptions>;

/**
 * Creates the option `bound` of a middleware: clients that prove a key at the sign-in (RFC 9449) have to prove it with each
 * request and refresh, so that a copied token is worthless. Other clients get bearer tokens as before.
 *
 * @throws {UsageError} invalid_option
 */
export function dpop(options: DpopOptions): BoundSessions {
  const { origin, required } = readOptions('dpop', options, OPTIONS, 'dpop: ');
  if (origin === undefined) {
    throw optionError({ option: 'dpop: origin', expected: 'an origin', value: origin });
  }
  return Object.freeze({
    assertFor({ transport }: BoundSettings): void {
      if (transport !== 'cookie') return;
      throw optionError({
        option: 'transport',
        expected: "'bearer' or 'both' with bound: dpop()",
        value: transport,
        repair: 'A cookie is bound by dbsc().',
      });
    },
    open(_settings: BoundSettings, engine: object, Request: RequestClass): RequestClass {
      const sessions = engine as Sessions<object>;
      const context = contextOf(engine);
      return extendRequest(Request, createDpopPort({ sessions, context, origin, required }));
    },
  });
}
