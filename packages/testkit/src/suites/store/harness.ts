import type { SessionStore } from '@sess/core/store';

/** One store under test. */
export interface StoreHarness {
  readonly store: SessionStore;
  /** Lets that number of milliseconds of the store's time pass: a fake clock moved, or a real wait. */
  passTime(milliseconds: number): Promise<void>;
  /** Ends what was started for this one test. */
  close(): Promise<void>;
}

/** Gives the harness of the running test. */
export type CurrentHarness = () => StoreHarness;
