/**
 * Whether an object's own members were each said once in its text. Parsers differ in which of two they take, so
 * what one program checked another would not use (RFC 7515, section 4; RFC 7519, section 4). The text must have parsed.
 */
export function hasUniqueMembers(json: string, object: object): boolean {
  return countMembers(json) === Object.keys(object).length;
}

/** Counts the colons of the outermost object: each member has one, and strings are passed over. */
function countMembers(json: string): number {
  let count = 0;
  let depth = 0;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '"') index = endOfString(json, index);
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ':' && depth === 1) count += 1;
  }
  return count;
}

function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (index < json.length && json[index] !== '"') index += json[index] === '\\' ? 2 : 1;
  return index;
}
