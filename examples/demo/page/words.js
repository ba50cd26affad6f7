/** @import { Outcome, Why } from './api.js' */

/** What problem codes mean to somebody who looks at the page. */
const MEANINGS = new Map([
  ['session_required', 'That needs a session. Sign in first.'],
  ['invalid_token', 'The access token is no longer accepted. Sign in again.'],
  ['refresh_token_missing', 'There is no session to renew. Sign in.'],
  ['refresh_token_rejected', 'The session has ended. Sign in again.'],
  [
    'insufficient_user_authentication',
    'The last proof of who you are is too long ago for that. Re-authenticate, then try again.',
  ],
  [
    'store_unavailable',
    'Sessions cannot be looked up right now. Nothing is lost, and nobody is signed out: try again in a moment.',
  ],
  ['not_supported', 'This server keeps sessions in their tokens alone, so it cannot do that.'],
  ['not_revocable', 'This server cannot end a session before its token runs out.'],
  ['invalid_json', 'That is not a JSON object. Write for instance { "theme": "dark" }.'],
]);

/** What there is to say when somebody is no longer signed in. */
const GOODBYES = {
  here: 'Signed out.',
  ended: 'The session was ended elsewhere, or has run out. Sign in again.',
  'other-tab': 'Signed out in another tab.',
  nobody: 'Nobody is signed in here.',
};

/** @param {Why} why */
export function goodbye(why) {
  return GOODBYES[why];
}

/**
 * Whether a request did what it was to do, and if not, why, in words.
 *
 * @param {Outcome} outcome
 */
export function problemOf({ status, code, value }) {
  if (status === 0) return 'The server does not answer. Nothing is lost: try again in a moment.';
  if (status < 400) return undefined;
  const detail =
    typeof value === 'object' && value !== null && 'detail' in value ? String(value.detail) : '';
  return MEANINGS.get(code) ?? (detail || `The server answered ${status}.`);
}

/**
 * Whether the server, or what it stands on, is away: that says nothing of who is signed in.
 *
 * @param {Pick<Outcome, 'status'>} outcome
 */
export function isAway({ status }) {
  return status === 0 || status === 502 || status === 503 || status === 504;
}

/** @param {number} milliseconds */
export function inWords(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const CLOCK = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

/** @param {number} time epoch milliseconds */
export function momentOf(time) {
  // The end of a session may be set beyond what dates can say.
  return Math.abs(time) <= 8.64e15 ? MOMENT.format(time) : 'never';
}

/** @param {number} time epoch milliseconds */
export function clockTime(time) {
  return CLOCK.format(time);
}

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
/** @type {[unit: Intl.RelativeTimeFormatUnit, milliseconds: number][]} */
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** @param {number} time epoch milliseconds */
export function ago(time) {
  const passed = Date.now() - time;
  const [unit, size] = UNITS.find(([, milliseconds]) => passed >= milliseconds) ?? ['second', 0];
  return size === 0 ? 'just now' : RELATIVE.format(-Math.floor(passed / size), unit);
}
