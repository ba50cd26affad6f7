import { SessError } from '@sess/core';

/**
 * Tokens that only their expiry can end were to be ended, code `not_revocable`. Give the engine a denylist, or shorten
 * the lifetime of its tokens.
 */
export class NotRevocableError extends SessError {
  override readonly name: string = 'NotRevocableError';

  constructor() {
    super(
      'not_revocable',
      'denylist: expected a denylist to end tokens before they expire, got undefined. Use memoryDenylist() for one process, or redisDenylist(client).',
    );
  }
}

/** An operation needs sessions in a store, and the engine has none. Its code is `not_supported`. */
export class NotSupportedError extends SessError {
  override readonly name: string = 'NotSupportedError';

  constructor(operation: string) {
    super(
      'not_supported',
      `${operation}() needs sessions in a store, which this engine does not have. Use createSessions({ accessToken: jwt({ … }) }).`,
    );
  }
}
