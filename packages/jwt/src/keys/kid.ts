import { UsageError } from '@sess/core';
import { formatShort } from '@sess/core/options';

/*
 * kid = 1*128( ALPHA / DIGIT / "-" / "." / "_" / "~" / ":" / "=" )
 *
 * RFC 7515 section 4.1.4 allows any string. What could be a path or a query is not allowed here (RFC 8725, section 3.10).
 */
const KID = /^(?!\.{1,2}$)[A-Za-z0-9._~:=-]{1,128}$/;

function isKid(value: unknown): value is string {
  return typeof value === 'string' && KID.test(value);
}

/** @throws UsageError `invalid_option` */
export function assertKid(value: unknown): asserts value is string {
  if (isKid(value)) return;
  throw new UsageError(
    'invalid_option',
    `kid: ${formatShort(value)} will not do. Write 1 to 128 letters, digits and '-._~:=', as in '2026-11'.`,
  );
}
