/*
 * RFC 9110, sections 11.4 and 11.2:
 *
 * credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
 * auth-param  = token BWS "=" BWS ( token / quoted-string )
 */
const PARAMETER = /^[ \t]*[\w!#$%&'*+.^`|~-]+[ \t]*=/;

/**
 * Takes apart what `Headers` has joined: each `Authorization` line that a value is made of. A comma also
 * stands between the parameters of one scheme, and what follows it there names a parameter; whatever else
 * follows a comma was a line of its own, or is no credential that anyone could accept.
 */
export function splitAuthorization(value: string): readonly string[] {
  if (!value.includes(',')) return [value];
  const lines: string[] = [];
  for (const part of splitAtCommas(value)) {
    const last = lines.length - 1;
    if (last >= 0 && PARAMETER.test(part)) lines[last] += `,${part}`;
    else lines.push(part);
  }
  return lines;
}

/** Commas within a quoted-string (RFC 9110, section 5.6.4) are none. */
function splitAtCommas(value: string): string[] {
  const parts: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let index = 0; index < value.length; index += 1) {
    const character = value[index];
    if (character === '"') isQuoted = !isQuoted;
    else if (character === '\\' && isQuoted) index += 1;
    else if (character === ',' && !isQuoted) {
      parts.push(value.slice(begin, index));
      begin = index + 1;
    }
  }
  parts.push(value.slice(begin));
  return parts;
}
