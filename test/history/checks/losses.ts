import type { Disturbance, Operation, Tolerance } from '../history.js';

/** Which failovers may have lost what. */
export interface Losses {
  /**
   * Whether the write that a call has confirmed, or the answer that it read, may belong to a master that
   * was being replaced. Writes of long before a failover are on the replica, and those after it on the new master: only
   * what lies within it, or within the replica's lag before, can be lost or read from a deposed master.
   */
  explain(operation: Operation): boolean;
  /**
   * Until when a session may live again whose ending was lost with `ending`. A further failover may lose
   * the second ending as well.
   */
  revivalEnds(ending: Operation): number;
  /** The end of the last failover of the shard before `moment`; 0 when there was none. */
  lastEnd(shard: number, moment: number): number;
}

export function createLosses(disturbances: readonly Disturbance[], tolerance: Tolerance): Losses {
  const losing = disturbances
    .filter(({ mayLose }) => mayLose)
    .sort((left, right) => left.from - right.from);
  const touches = ({ shard, from, to }: Disturbance, operation: Operation): boolean =>
    shard === operation.shard && operation.to >= from - tolerance.lag && operation.from <= to;
  return {
    explain: (operation) => losing.some((one) => touches(one, operation)),
    revivalEnds(ending) {
      let end = 0;
      for (const one of losing) {
        const isLater =
          one.shard === ending.shard && end > 0 && one.from - tolerance.lag <= end && one.to > end;
        if (touches(one, ending) || isLater) end = Math.max(end, one.to + tolerance.revival);
      }
      return end;
    },
    lastEnd: (shard, moment) =>
      Math.max(
        0,
        ...losing.filter((one) => one.shard === shard && one.from <= moment).map(({ to }) => to),
      ),
  };
}
