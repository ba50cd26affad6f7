// What the release script is asked for. Publishing cannot be taken back: nothing but its own word starts it.
const MODES = new Set(['--dry', '--notes', '--publish']);

/** The one word that was written, or `undefined` when it is none of these, or not alone. */
export function chooseMode(args) {
  return args.length === 1 && MODES.has(args[0]) ? args[0] : undefined;
}
