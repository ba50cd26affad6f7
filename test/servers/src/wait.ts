/** How long and how often {@link until} looks. */
export interface UntilOptions {
  /** What is being waited for, for the error message: "the replica link". */
  readonly what: string;
  /** Milliseconds until it gives up. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds between two looks. Default 10. */
  readonly everyMs?: number | undefined;
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Looks again and again until `look` gives something other than `undefined` or `false`, and
 * resolves with that. A `look` that throws counts as "not yet": a server that is starting refuses,
 * then errs, then answers.
 *
 * @throws Error when the time is up; its `cause` is what `look` threw last.
 */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  options: UntilOptions,
): Promise<T> {
  const { what, timeoutMs = 10_000, everyMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const last = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}${last}`, { cause });
    }
    await sleep(everyMs);
  }
}
