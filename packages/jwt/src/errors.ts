import { SessError } from '@sess/core';

/**
 * A token that nothing but its expiry can end was to be ended. Configure a denylist, or make tokens live shorter;
 * nothing pretends that it worked.
 */
export class NotRevocableError extends SessError {
  override readonly name: string = 'NotRevocableError';

  constructor() {
    super(
      'not_revocable',
      'These tokens cannot be ended before they expire: there is no denylist. Give the engine one, as in denylist: memoryDenylist() for one process, or redisDenylist(client).',
    );
  }
}

/** Something was asked of an engine that works without a store, and cannot do it. */
export class NotSupportedError extends SessError {
  override readonly name: string = 'NotSupportedError';

  constructor(operation: string) {
    super(
      'not_supported',
      `${operation}() needs sessions in a store, and this engine has none. Use createSessions({ accessToken: jwt({ … }) }) where it is needed.`,
    );
  }
}
