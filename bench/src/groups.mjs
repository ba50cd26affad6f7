// A group is one comparison: rows of the same work, each a ratio to a baseline measured in the same rounds.

/**
 * @param seen name → { median, low, high, cells? }; `cells` are values of further columns, by their head
 * @param baseline the row, or rows, that the others are a multiple of
 * @param unit of the medians; 'µs', 'req/s', 'B'
 * @param isHigherBetter true if a higher figure is better
 */
export function createGroup({
  id,
  title,
  unit,
  seen,
  baseline,
  isHigherBetter = false,
  notes = [],
}) {
  const baselines = [baseline].flat();
  const rows = [...seen].map(([name, { median, low, high, ratio, cells = {} }]) => ({
    name,
    median,
    low,
    high,
    cells,
    // Of paired slices the median of the ratios: the ratio of the medians would compare different moments.
    ratios: ratio === undefined ? baselines.map((base) => median / seen.get(base).median) : [ratio],
  }));
  return { id, title, unit, baselines, isHigherBetter, rows, notes };
}

/** All groups of a run, to look rows up in. */
export function createFinder(groups) {
  const rowsOf = (id) => groups.find((group) => group.id === id)?.rows ?? [];
  const rowOf = (id, name) => rowsOf(id).find((row) => row.name === name);
  return {
    rowsOf,
    rowOf,
    /** Median of one row over that of another, of one group or of two; `undefined` where either is not there. */
    ratio(id, name, otherId, otherName) {
      const [row, other] = [rowOf(id, name), rowOf(otherId, otherName)];
      return row === undefined || other === undefined ? undefined : row.median / other.median;
    },
  };
}
