// Import cycles of a graph (Map of file to the files that it imports), each as the list of files from
// one of them back to itself. Where cycles overlap not all are listed, but none is missed for good:
// mending the listed ones brings up the next.
export function findCycles(graph) {
  const cycles = [];
  const done = new Set();
  const path = [];

  const visit = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };

  for (const file of graph.keys()) visit(file);
  return cycles;
}
