// Blanks out what is no code, so that plain patterns can be run over the rest. Offsets and lines
// stay as they were. Not a parser: it knows comments, strings, templates and regular expressions.

const REGEX_BEFORE =
  /(?:^|[=(,:;!&|?{}[+\-*%<>~^\n]|=>|\b(?:return|typeof|case|in|of|await|yield|else))\s*$/;

/** Returns the text without comments, and the same without the content of strings as well. */
export function lex(text) {
  const uncommented = text.split('');
  const bare = text.split('');
  const blank = (target, from, to) => {
    for (let i = from; i < to; i++) if (target[i] !== '\n') target[i] = ' ';
  };
  const open = []; // brace depths at which a template's ${ began
  let depth = 0;
  let i = 0;

  const template = () => {
    const from = i;
    while (i < text.length && text[i] !== '`') {
      if (text.startsWith('${', i)) {
        blank(bare, from, i);
        open.push(depth++);
        i += 2;
        return;
      }
      i += text[i] === '\\' ? 2 : 1;
    }
    blank(bare, from, i);
    i++;
  };

  while (i < text.length) {
    const char = text[i];
    if (text.startsWith('//', i) || text.startsWith('/*', i)) {
      const line = text[i + 1] === '/';
      const found = line ? text.indexOf('\n', i) : text.indexOf('*/', i + 2);
      const end = found < 0 ? text.length : line ? found : found + 2;
      blank(uncommented, i, end);
      blank(bare, i, end);
      i = end;
    } else if (char === "'" || char === '"') {
      const from = ++i;
      while (i < text.length && text[i] !== char && text[i] !== '\n') i += text[i] === '\\' ? 2 : 1;
      blank(bare, from, i);
      i++;
    } else if (char === '`') {
      i++;
      template();
    } else if (char === '/' && REGEX_BEFORE.test(bare.slice(Math.max(0, i - 40), i).join(''))) {
      const from = ++i;
      for (let inClass = false; i < text.length && text[i] !== '\n'; i++) {
        if (text[i] === '\\') i++;
        else if (text[i] === '[') inClass = true;
        else if (text[i] === ']') inClass = false;
        else if (text[i] === '/' && !inClass) break;
      }
      blank(bare, from, i);
      blank(uncommented, from, i);
      i++;
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      i++;
      if (char === '}' && open.at(-1) === depth) {
        open.pop();
        template();
      }
    }
  }
  return { code: uncommented.join(''), bare: bare.join('') };
}

/** Every module that a file names: imports and re-exports, type-only ones too, and import(). */
export function importsOf({ code, bare }) {
  const found = [];
  const patterns = [
    /\b(?:import|export)\b[^;'"`()]*?\bfrom\s*(?=['"])/g,
    /\bimport\s*(?=['"])/g,
    /\bimport\s*\(\s*(?=['"])/g,
    /\bdeclare\s+module\s*(?=['"])/g,
  ];
  for (const pattern of patterns) {
    for (const match of bare.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const end = code.indexOf(code[start], start + 1);
      found.push({ specifier: code.slice(start + 1, end), line: lineAt(code, start) });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

export function lineAt(text, index) {
  return text.slice(0, index).split('\n').length;
}

/** What an index file holds besides re-exports, type augmentation and the imports that it needs. */
export function beyondExports(bare) {
  let rest = bare
    .replace(
      /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*(['"]) *\1\s*;?/g,
      blankOut,
    )
    .replace(/\bexport\s+type\s*\{[^}]*\}\s*;?/g, blankOut)
    .replace(/\bimport\s+(?:type\b[^;]*?from\s*)?(['"]) *\1\s*;?/g, blankOut);
  for (;;) {
    const match = /\bdeclare\s+(?:global|module\s*(['"]) *\1)\s*\{/.exec(rest);
    if (!match) break;
    let end = match.index + match[0].length;
    for (let depth = 1; depth > 0 && end < rest.length; end++) {
      if (rest[end] === '{') depth++;
      if (rest[end] === '}') depth--;
    }
    rest = rest.slice(0, match.index) + blankOut(rest.slice(match.index, end)) + rest.slice(end);
  }
  const index = rest.search(/\S/);
  return index < 0 ? undefined : lineAt(rest, index);
}

function blankOut(text) {
  return text.replace(/[^\n]/g, ' ');
}
