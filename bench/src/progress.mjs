// One line that is written over; where it cannot be, one a phase.

export function createProgress(stream = process.stderr) {
  const began = performance.now();
  const isTerminal = stream.isTTY === true;
  const seconds = () => Math.round((performance.now() - began) / 1000);
  let part = '';
  let last = '';

  return {
    seconds,
    enter(name) {
      part = name;
    },
    /** A round of a phase: `step` of `of`. */
    onRound(label, step, of) {
      if (isTerminal) stream.write(`\r\x1b[K${seconds()} s: ${part}: ${label}, ${step} of ${of}`);
      else if (label !== last) stream.write(`${seconds()} s: ${part}: ${label}\n`);
      last = label;
    },
    /** A line that stays. */
    note(line) {
      stream.write(`${isTerminal ? '\r\x1b[K' : ''}${line}\n`);
    },
    clear() {
      if (isTerminal) stream.write('\r\x1b[K');
    },
  };
}
