/** The JSON texts of the members of a session by name. */
export type Texts = ReadonlyMap<string, string>;

/** No members. */
export const NOTHING: Texts = new Map();

/** Members to set, and with `undefined` those to remove: a patch for `update`. */
export type Changes = Readonly<Record<string, unknown>>;

/**
 * Returns the members that are data, as text: a change deep inside a member changes its text.
 *
 * @throws {TypeError} as `JSON.stringify`: for a cycle or a BigInt
 */
export function encodeMembers(members: object): Texts {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(members)) {
    if (name === 'cookie') continue;
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}

/** Returns what leads from `base` to `texts`; `undefined` if they are equal. */
export function findChanges(base: Texts, texts: Texts): Changes | undefined {
  const changes: [string, unknown][] = [];
  for (const [name, text] of texts) {
    if (base.get(name) !== text) changes.push([name, JSON.parse(text)]);
  }
  for (const name of base.keys()) if (!texts.has(name)) changes.push([name, undefined]);
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** Returns data after changes. */
export function applyChanges(data: object, changes: Changes = {}): Record<string, unknown> {
  const merged = Object.entries({ ...data, ...changes });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}
