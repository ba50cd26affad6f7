// The timed subjects: engines, and a comparison that is known to leak, which checks the method.
import { createSessions } from '@sess/core';
import { jwt, memoryDenylist } from '@sess/jwt';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SESSIONS = 200;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export const RIGHT = 'right secret';
export const FIRST = 'wrong in the first character';
export const LAST = 'wrong in the last character';
export const AGAIN = 'wrong in the last character, again';
export const OTHER = 'of no session';
export const MALFORMED = 'malformed';

/** Returns `{ name, call, tokens, kinds }` for each engine. */
export async function makeSubjects() {
  const accessToken = jwt({
    keys: 'a secret of at least thirty-two bytes',
    issuer: 'https://api.example.com',
    audience: 'https://api.example.com',
    revocation: 'denylist',
    denylist: memoryDenylist(),
  });
  return [
    await makeSubject('opaque tokens', createSessions({ logger: silent })),
    await makeSubject('signed tokens', createSessions({ logger: silent, accessToken })),
  ];
}

async function makeSubject(name, sessions) {
  const tokens = [];
  for (let n = 0; n < SESSIONS; n += 1)
    tokens.push((await sessions.create({ subject: `user-${n}` })).accessToken);
  return { name, call: (token) => sessions.verify(token), tokens, kinds: KINDS };
}

const wrongAtTheEnd = (token) => change(token, token.length - 1);

/** Derivations of a valid token: itself, four wrong ones, and one of these twice, which differ by chance only. */
export const KINDS = {
  [RIGHT]: (token) => token,
  [FIRST]: (token) => change(token, token.lastIndexOf('.') + 1),
  [LAST]: wrongAtTheEnd,
  [AGAIN]: wrongAtTheEnd,
  [OTHER]: (token) => change(token, token.lastIndexOf('.') - 9),
  [MALFORMED]: (token) => `${token}=`,
};

/**
 * Returns the token with another character each time, because a fixed set of tokens would have fixed lookup times. It
 * moves by a multiple of four, because two bits of the last character must not change. It works on bytes, so that
 * the position has no effect on memory.
 */
function change(token, index) {
  const steps = 4 * (1 + Math.floor(Math.random() * 15));
  const bytes = Buffer.from(token, 'latin1');
  bytes[index] = ALPHABET.charCodeAt((ALPHABET.indexOf(token[index]) + steps) % 64);
  return bytes.toString('latin1');
}

/** Returns a subject that compares secrets up to the first difference, which no engine does. */
export function makeLeak() {
  const secret = 'b1rdZ9-_pQ7wLxK3mVt2RyU8oN5cAeG4hJ6fDsTiW0k';
  const call = async (token) => {
    const given = token.slice(token.lastIndexOf('.') + 1);
    let at = 0;
    while (at < secret.length && given[at] === secret[at]) at += 1;
    return at === secret.length;
  };
  const tokens = Array.from({ length: SESSIONS }, () => `sat_${'S'.repeat(32)}.${secret}`);
  return { name: 'a comparison that leaks', call, tokens, kinds: KINDS };
}
