import type { Denylist } from '@sess/core/store';

/** One denylist under test. */
export interface DenylistHarness {
  /** Opened, if it has to be. After `lose` it may be another one, as after a restart. */
  readonly denylist: Denylist;
  /** The time of an engine that uses it, epoch milliseconds. */
  now(): number;
  /** Lets that number of milliseconds pass: a fake clock moved, or a real wait. */
  passTime(milliseconds: number): Promise<void>;
  /** Loses everything that was kept, as a restart does, or FLUSHALL. */
  lose(): Promise<void>;
  /** How many denials are kept of a subject, those that have run out and were not removed yet included. */
  countDenials(tag: string): Promise<number>;
  /** Ends what was started for this one test. */
  close(): Promise<void>;
}

/** Gives the harness of the running test. */
export type CurrentDenylist = () => DenylistHarness;
