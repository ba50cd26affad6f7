// Moves the times of stored records, so that records of any age can be used as if they were written just now.

/** Epoch milliseconds of 2024 to 2035, as text, that are no part of a longer word. */
const TIMES = /(?<![\w-])(?:1[7-9]|20)\d{11}(?![\w-])/g;
/** The first two bytes of such a time in seven bytes, big-endian, and the bounds of the third. */
const THIRD = { from: 0x8b, to: 0xde };

/** Returns a copy of a value of JSON with all times moved by milliseconds. */
export function shiftTimes(value, by) {
  if (typeof value === 'string') return value.replace(TIMES, (text) => String(Number(text) + by));
  if (typeof value === 'number') return Number(shiftTimes(String(value), by));
  if (Array.isArray(value)) return value.map((item) => shiftTimes(item, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, shiftTimes(item, by)]),
  );
}

/** The same for what a Redis holds: fields are text, or binary with times of seven bytes. */
export function shiftRedis(keys, by) {
  return keys.map(({ key, expiresAt, fields }) => ({
    key,
    expiresAt: shiftTimes(expiresAt, by),
    fields: fields.map(([field, value]) => [field, shiftField(Buffer.from(value, 'base64'), by)]),
  }));
}

function shiftField(bytes, by) {
  if (!bytes.includes(0)) {
    return Buffer.from(shiftTimes(bytes.toString('utf8'), by)).toString('base64');
  }
  for (let at = 0; at + 7 <= bytes.length; at += 1) {
    const [first, second, third] = bytes.subarray(at);
    if (first !== 0 || second !== 1 || third < THIRD.from || third > THIRD.to) continue;
    bytes.writeUIntBE(bytes.readUIntBE(at + 1, 6) + by, at + 1, 6);
    at += 6;
  }
  return bytes.toString('base64');
}
