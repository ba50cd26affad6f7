// Finds the titles of tests in a source, without running it, and the requirements that they name at their end.
import { lex } from '../imports/lex.mjs';

const CALL = /(?<![\w$.])(?:describe|it|test)(?=[.<(])/g;
const LABEL = / \[([^[\]]+)\]$/;
const OPENING = '([{<';
const CLOSING = ')]}>';

/**
 * Titles as `{ title, within, ids, isSkipped }`, in the order of the source; `within` are the titles of what is around
 * the call.
 */
export function readTitles(source) {
  const { code, bare } = lex(source);
  const open = [];
  return [...bare.matchAll(CALL)].flatMap(({ 0: name, index }) => {
    const found = findTitle({ code, bare }, index + name.length);
    if (found === undefined) return [];
    while (open.length > 0 && open.at(-1).end < index) open.pop();
    const label = LABEL.exec(found.text);
    const title = found.text.slice(0, label?.index).replaceAll(/\\(.)/g, '$1');
    const within = open.map((outer) => outer.title);
    open.push({ title, end: endOfGroup(bare, found.call) });
    const isSkipped = /\.(?:skip|todo|fails)\b/.test(bare.slice(index, found.from));
    return [{ title, within, ids: label?.[1].split(', ') ?? [], isSkipped }];
  });
}

/** The first argument that is text: `it('…')`, `it.each(rows)('…')`, `test.concurrent.for<Row>(rows)('…')`. */
function findTitle({ code, bare }, start) {
  let at = start;
  for (;;) {
    const member = /^\s*\.\w+/.exec(bare.slice(at, at + 80));
    if (member) {
      at += member[0].length;
      continue;
    }
    if (bare[at] !== '(' && bare[at] !== '<') return undefined;
    const from = at + 1 + /^\s*/.exec(bare.slice(at + 1))[0].length;
    const quote = bare[from];
    if (bare[at] === '(' && /['"`]/.test(quote)) {
      const end = endOfText(code, from);
      return { call: at, from, text: code.slice(from + 1, end) };
    }
    at = endOfGroup(bare, at);
  }
}

function endOfText(code, from) {
  let at = from + 1;
  while (code[at] !== code[from]) at += code[at] === '\\' ? 2 : 1;
  return at;
}

function endOfGroup(bare, from) {
  const isTypes = bare[from] === '<';
  let depth = 0;
  for (let at = from; at < bare.length; at += 1) {
    const isArrow = bare[at] === '>' && (bare[at - 1] === '=' || !isTypes);
    if (isArrow || (bare[at] === '<' && !isTypes)) continue;
    if (OPENING.includes(bare[at])) depth += 1;
    if (CLOSING.includes(bare[at])) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return bare.length;
}
