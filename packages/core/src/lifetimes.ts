/*
 * The longest times between authentications of NIST SP 800-63B-4, for `create`, `start` and `createSessions`. They are
 * limits of time only: which authenticators a level needs is up to the sign-in.
 */

/** AAL1 (section 2.1.3): 30 days in all; a limit of idle time is optional, and the engine's applies. */
export const AAL1: { readonly absoluteTtl: '30d' } = Object.freeze({ absoluteTtl: '30d' });

/** AAL2 (section 2.2.3): 24 hours in all, 1 hour without use. */
export const AAL2: { readonly idleTtl: '1h'; readonly absoluteTtl: '24h' } = Object.freeze({
  idleTtl: '1h',
  absoluteTtl: '24h',
});

/** AAL3 (section 2.3.3): 12 hours in all, 15 minutes without use. */
export const AAL3: { readonly idleTtl: '15m'; readonly absoluteTtl: '12h' } = Object.freeze({
  idleTtl: '15m',
  absoluteTtl: '12h',
});
