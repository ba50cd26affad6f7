/** @import { Outcome } from './api.js' */
import { client, kindOfTokens, markOfToken } from './api.js';
import { element, make, say, write } from './dom.js';
import { ago, inWords, momentOf } from './words.js';

/**
 * @typedef {{ sid: string, subject: string, data: object, authenticatedAt: number, lastUsedAt: number,
 *   expiresAt: number }} Session
 * @typedef {{ sid: string, current: boolean, label?: string, browser?: string, system?: string, ip?: string,
 *   kind: string, createdAt: number, lastUsedAt: number }} ListedDevice
 */

/** How long after a proof of who it is the transfer is open. Milliseconds; the server has the say. */
const RECENT = 5 * 60_000;

/** @type {Session | null} */
let shown = null;
let isServerAway = false;
/** The life that the token had when it came: what the bar is measured by. */
let fullLife = 1;

/**
 * Answers whether the server has come back with this.
 *
 * @param {boolean} isAway
 */
export function showAway(isAway) {
  const isBack = isServerAway && !isAway;
  isServerAway = isAway;
  showTime();
  return isBack;
}

/** @param {number} life milliseconds */
export function showNewToken(life) {
  fullLife = Math.max(life, 1);
  showTime();
}

/** Whose session is shown, if anybody's. */
export function whoIsShown() {
  return shown?.subject;
}

/**
 * Shows whose session this is; null: nobody's.
 *
 * @param {Session | null} session
 */
export function showSession(session) {
  const wasIn = document.activeElement?.closest('.signed-in') ?? null;
  shown = session;
  for (const part of document.querySelectorAll('.signed-in')) {
    part.toggleAttribute('hidden', session === null);
  }
  element('sign-in').toggleAttribute('hidden', session !== null || client.signedIn !== false);
  // Focus must not be lost with what had it.
  if (session === null && wasIn !== null) element('user').focus();
  if (session !== null) {
    write('who', session.subject);
    write('sid', session.sid);
    write('ends-at', momentOf(session.expiresAt));
    write('data', JSON.stringify(session.data, null, 2));
  }
  showTime();
}

/** What goes on by itself: called every second, and whenever something has changed. */
export function showTime() {
  const life = client.tokenLife;
  const state = stateOf(life);
  document.body.dataset['state'] = state;
  write('state', STATES[state](shown?.subject ?? ''));
  element('again').hidden = state !== 'away';
  if (shown === null) return;
  write(
    'time-left',
    life > 0 ? `works for ${inWords(life)}` : 'has run out: the next request renews it',
  );
  /** @type {HTMLProgressElement} */ (element('life')).value = Math.min(1, life / fullLife);
  const mark = markOfToken();
  write('token', `${kindOfTokens()}${mark === '' ? '' : `, ${mark}`}`);
  const open = shown.authenticatedAt + RECENT - Date.now();
  write('proved-at', ago(shown.authenticatedAt));
  write('open', open > 0 ? `open for ${inWords(open)}` : 'closed: it asks who you are first');
}

/** The states that a reader has to tell apart, and what each is called. */
const STATES = {
  looking: () => 'Looking for a session',
  away: () => 'Server away',
  nobody: () => 'Nobody signed in',
  fresh: (/** @type {string} */ user) => `Signed in as ${user}`,
  low: (/** @type {string} */ user) => `Signed in as ${user}, token running out`,
  out: (/** @type {string} */ user) => `Signed in as ${user}, token run out`,
};

/**
 * @param {number} life
 * @returns {keyof typeof STATES}
 */
function stateOf(life) {
  if (isServerAway) return 'away';
  if (client.signedIn === undefined || (client.signedIn && shown === null)) return 'looking';
  if (shown === null) return 'nobody';
  if (life <= 0) return 'out';
  return life < Math.min(30_000, fullLife / 4) ? 'low' : 'fresh';
}

/**
 * Shows the sessions of this user, each with a button that ends it.
 *
 * @param {readonly ListedDevice[]} devices
 * @param {(device: ListedDevice) => void} end
 */
export function showDevices(devices, end) {
  element('device-tools').hidden = false;
  element('devices').replaceChildren(
    ...devices.map((device) => {
      const { browser, system, label, kind, ip, current, createdAt, lastUsedAt } = device;
      const names = [browser, system].filter((part) => part !== undefined).join(' on ');
      const name = label ?? (names || 'Unknown device');
      const head = make('p', 'name', make('strong', '', name));
      if (current) head.append(' ', make('span', 'here', 'this device'));
      const about = make('div', '', head);
      if (label !== undefined && names !== '') about.append(make('p', 'facts', names));
      about.append(
        make('p', 'facts', `Last used ${ago(lastUsedAt)}, signed in ${ago(createdAt)}`),
        make('p', 'facts', `From ${ip ?? 'an unknown address'}`),
      );
      const button = make('button', '', 'Sign out');
      button.setAttribute('type', 'button');
      button.setAttribute('aria-label', `Sign out ${name}${current ? ' (this device)' : ''}`);
      button.addEventListener('click', () => end(device));
      return make('li', `device ${kind}`, about, button);
    }),
  );
}

/** Where sessions are kept in nothing but tokens, there is nothing to list and nothing to write to. */
export function showNoList() {
  element('device-tools').hidden = true;
  element('devices').replaceChildren(
    make(
      'li',
      'facts',
      'This server keeps sessions in nothing but their tokens, so there is no list of devices. Signing out works, here and everywhere. The token is in the memory of your open tabs only: a reload asks you to sign in again.',
    ),
  );
  element('patch').hidden = true;
  element('no-patch').hidden = false;
}

/**
 * @param {Outcome} outcome
 * @param {string | undefined} problem
 * @param {string} success
 */
export function showAnswer({ status, value }, problem, success) {
  const none = status === 0 ? '(no answer)' : '(no body)';
  write('answer', value === undefined ? none : JSON.stringify(value, null, 2));
  say(problem ?? success, problem !== undefined);
}
