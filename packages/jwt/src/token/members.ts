/**
 * Whether the members of all objects in a value were each said once in its text. Parsers differ in which of two they
 * take, so what one program checked another would not use (RFC 7515, section 4; RFC 7519, section 4). The text must
 * have parsed.
 */
export function hasUniqueMembers(json: string, value: unknown): boolean {
  return countColons(json) === countMembers(value);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Each member has one colon, and strings are passed over. */
function countColons(json: string): number {
  let count = 0;
  for (let index = 0; index < json.length; index += 1) {
    const character = json.charCodeAt(index);
    if (character === QUOTE) index = endOfString(json, index);
    else if (character === COLON) count += 1;
  }
  return count;
}

/** Not by recursion: how deep a value is, is its writer's choice. */
function countMembers(value: unknown): number {
  let count = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    const members: readonly unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += members.length;
    for (const member of members) if (typeof member === 'object') left.push(member);
  }
  return count;
}

function endOfString(json: string, start: number): number {
  let index = start + 1;
  for (; index < json.length; index += 1) {
    const character = json.charCodeAt(index);
    if (character === QUOTE) break;
    if (character === BACKSLASH) index += 1;
  }
  return index;
}
