/** @import { Outcome } from './request.js' */

/** What problem codes mean to somebody who looks at the page. */
const MEANINGS = new Map([
  ['session_required', 'That needs a session. Sign in first.'],
  ['invalid_token', 'The access token is no longer accepted. Refresh, or sign in again.'],
  ['refresh_token_missing', 'There is no session to refresh. Sign in.'],
  ['refresh_token_rejected', 'The session has ended. Sign in again.'],
  [
    'insufficient_user_authentication',
    'The last sign-in is too long ago for that. Use POST /reauth, then try again.',
  ],
  [
    'store_unavailable',
    'Sessions cannot be looked up right now. You are still signed in: try again in a moment.',
  ],
  ['invalid_json', 'That is not a JSON object. Write for instance { "theme": "dark" }.'],
]);

/**
 * Whether a request did what it was to do, and if not, why, in words.
 *
 * @param {Outcome} outcome
 */
export function problemOf({ status, value }) {
  if (status === 0) return 'The server did not answer. Is it running?';
  if (status < 400) return undefined;
  const { code, detail } = problemMembers(value);
  return MEANINGS.get(code) ?? (detail || `The server answered ${status}.`);
}

/**
 * The code of a problem body, or nothing.
 *
 * @param {Outcome} outcome
 */
export function codeOf({ value }) {
  return problemMembers(value).code;
}

/** @param {unknown} value */
function problemMembers(value) {
  const members = typeof value === 'object' && value !== null ? value : {};
  const code = 'code' in members ? String(members.code) : '';
  const detail = 'detail' in members ? String(members.detail) : '';
  return { code, detail };
}

/** @param {number} seconds */
export function inWords(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** @param {number} time epoch milliseconds */
export function clockTime(time) {
  // The end of a session may be set beyond what dates can say.
  return Math.abs(time) <= 8.64e15 ? CLOCK.format(time) : 'never';
}

/** In this order: browsers name those that they descend from, too. */
const BROWSERS = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari', 'curl'];
const BROWSER_NAMES = new Map([
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
]);
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS X', 'Linux'];

/**
 * A short name for a device: its label, or what the user agent says of itself.
 *
 * @param {{ label?: string, userAgent?: string }} device
 */
export function nameOfDevice({ label, userAgent = '' }) {
  if (label !== undefined) return label;
  const token = BROWSERS.find((name) => userAgent.includes(`${name}/`));
  const browser = BROWSER_NAMES.get(token ?? '') ?? token;
  const system = SYSTEMS.find((name) => userAgent.includes(name));
  return [browser, system].filter((part) => part !== undefined).join(' on ') || 'Unknown device';
}

/**
 * The address that a device was at. Servers that listen for both kinds see an IPv4 address in IPv6 dress.
 *
 * @param {{ ip?: string }} device
 */
export function addressOf({ ip }) {
  return ip?.replace(/^::ffff:/, '') ?? 'an unknown address';
}
