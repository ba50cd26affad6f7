/**
 * Whether the members of all objects in a value were each said once in its text. Parsers differ in which of two they
 * take, so what one program checked another would not use (RFC 7515, section 4; RFC 7519, section 4). The text must
 * have parsed.
 */
export function hasUniqueMembers(json: string, value: unknown): boolean {
  return countColons(json) === countMembers(value);
}

/** Each member has one colon, and strings are passed over. */
function countColons(json: string): number {
  let count = 0;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '"') index = endOfString(json, index);
    else if (character === ':') count += 1;
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
  while (index < json.length && json[index] !== '"') index += json[index] === '\\' ? 2 : 1;
  return index;
}
