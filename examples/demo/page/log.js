/** @import { PageEvent, TokenEvent, WireEvent } from './api.js' */
import { element, make } from './dom.js';
import { clockTime, goodbye, inWords, problemOf } from './words.js';

/** Lines that the log keeps. */
const LOGGED = 60;

/** @param {PageEvent} event */
export function addToLog(event) {
  const [tone, ...content] =
    event.kind === 'request'
      ? lineOfRequest(event)
      : event.kind === 'token'
        ? lineOfToken(event)
        : ['event out', goodbye(event.why)];
  const line = make('li', String(tone), make('time', '', clockTime(Date.now())), ' ', ...content);
  const log = element('log');
  log.prepend(line);
  while (log.childElementCount > LOGGED) log.lastElementChild?.remove();
}

/** @param {WireEvent} event */
function lineOfRequest(event) {
  const { method, path, status, code, took, sent } = event;
  const isBad = problemOf(event) !== undefined;
  const result = status === 0 ? 'no answer' : `${status}${code === '' ? '' : ` ${code}`}`;
  return [
    'request',
    make('span', 'path', `${method} ${path}`),
    ' ',
    make('span', isBad ? 'result bad' : 'result good', result),
    ' ',
    make('span', 'facts', `${took} ms${sent === '' ? '' : ` · ${sent}`}`),
  ];
}

/** @param {TokenEvent} event */
function lineOfToken({ isOwn, mark, earlier, life }) {
  const what = isOwn
    ? `New access token ${mark}${earlier === '' || earlier === mark ? '' : `, in place of ${earlier}`}`
    : 'Another tab got a new access token and passed it on';
  return ['event', `${what}. It works for ${inWords(life)}.`];
}
