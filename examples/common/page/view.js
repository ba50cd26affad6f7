/** @import { Outcome } from './request.js' */
import { secondsLeft } from './request.js';
import { addressOf, clockTime, codeOf, inWords, nameOfDevice, problemOf } from './words.js';

/**
 * @typedef {{ sid: string, subject: string, data: object, authenticatedAt: number, lastUsedAt: number,
 *   expiresAt: number, device: { label?: string, userAgent?: string, ip?: string } }} Session
 */

/** Lines that the log keeps. */
const LOGGED = 50;

/** @param {string} id */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new TypeError(`The page has no #${id}.`);
  return found;
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} [className]
 */
function make(name, text, className = '') {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/**
 * Says something to the reader, and to a screen reader.
 *
 * @param {string} text
 * @param {boolean} [isBad]
 */
export function say(text, isBad = false) {
  const message = element('message');
  message.className = isBad ? 'bad' : '';
  message.textContent = text;
}

/**
 * Shows whose session this is; null: nobody's.
 *
 * @param {Session | null} session
 */
export function showSession(session) {
  element('sign-in').hidden = session !== null;
  element('account').hidden = session === null;
  for (const section of document.querySelectorAll('.signed-in')) {
    section.toggleAttribute('hidden', session === null);
  }
  if (session === null) return;
  element('who').textContent = session.subject;
  element('sid').textContent = session.sid;
  element('authenticated-at').textContent = clockTime(session.authenticatedAt);
  element('ends-at').textContent = clockTime(session.expiresAt);
  element('data').textContent = JSON.stringify(session.data, null, 2);
  showTimeLeft();
}

export function showTimeLeft() {
  const seconds = secondsLeft();
  element('time-left').textContent =
    seconds === undefined
      ? 'none'
      : seconds > 0
        ? `works for ${inWords(seconds)}`
        : 'has run out: refresh to go on';
}

/**
 * Shows the sessions of this user, each with a button that ends it.
 *
 * @param {readonly (Session & { current: boolean })[]} sessions
 * @param {(session: Session & { current: boolean }) => void} end
 */
export function showDevices(sessions, end) {
  element('devices').replaceChildren(
    ...sessions.map((session) => {
      const { device, current } = session;
      const name = nameOfDevice(device);
      const about = document.createElement('div');
      about.append(make('strong', name));
      if (current) about.append(' ', make('span', 'this device', 'here'));
      about.append(
        make('p', `Last used ${clockTime(session.lastUsedAt)}, from ${addressOf(device)}`, 'facts'),
      );
      if (device.userAgent !== undefined) about.append(make('p', device.userAgent, 'facts'));
      const button = make('button', 'Sign out');
      button.setAttribute('type', 'button');
      button.setAttribute('aria-label', `Sign out ${name}${current ? ' (this device)' : ''}`);
      button.addEventListener('click', () => end(session));
      const item = document.createElement('li');
      item.append(about, button);
      return item;
    }),
  );
}

/** @param {Outcome} outcome */
export function showAnswer({ value }) {
  element('answer').textContent =
    value === undefined ? '(no body)' : JSON.stringify(value, null, 2);
}

/** @param {Outcome} outcome */
export function addToLog(outcome) {
  const { method, path, status, took } = outcome;
  const isBad = problemOf(outcome) !== undefined;
  const code = codeOf(outcome);
  const item = make('li', `${new Date().toLocaleTimeString()} ${method} ${path} `);
  item.append(make('span', status === 0 ? 'no answer' : `${status}`, isBad ? 'bad' : 'good'));
  item.append(code === '' ? '' : ` ${code}`, ` ${took} ms`);
  const log = element('log');
  log.prepend(item);
  while (log.childElementCount > LOGGED) log.lastElementChild?.remove();
}
