import { UsageError } from '@sess/core';
import { isTransient } from '../client/command-sender.js';

/** A reply of a server that is up and refuses this command only. */
const REFUSAL = /^[A-Z]{2,}\b/;

/** True if an error is about the call itself and does not show that a server is away. */
export function isHarmless(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  return error instanceof Error && !isTransient(error) && REFUSAL.test(error.message);
}
