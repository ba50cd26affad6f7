/**
 * Four characters by which a reader tells tokens apart (FNV-1a, cut short): of the 256 bits that are secret they give
 * away sixteen. Nothing for no token.
 *
 * @param {string} token
 */
export function fingerprint(token) {
  if (token === '') return '';
  let hash = 0x811c9dc5;
  for (const character of token) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  // Folded: the low half alone hardly feels what came first.
  return ((hash >>> 16) ^ (hash & 0xffff)).toString(16).padStart(4, '0');
}

/** @param {string} token */
export function kindOfToken(token) {
  // Of a JWT the first part is a JSON object in base64url, which begins with '{"' (RFC 7515, section 3.1).
  return token.startsWith('eyJ') ? 'JWT' : 'opaque';
}
