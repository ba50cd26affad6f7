/** @import { Session } from './view.js' */
import { forgetToken, onOutcome, send } from './request.js';
import {
  addToLog,
  element,
  say,
  showAnswer,
  showDevices,
  showSession,
  showTimeLeft,
} from './view.js';
import { codeOf, problemOf } from './words.js';

/** @typedef {Session & { current: boolean }} ListedSession */

/**
 * Sends a request and says what came of it. Answers whether it went well.
 *
 * @param {string} method
 * @param {string} path
 * @param {string} success what to say then
 * @param {string} [json]
 */
async function act(method, path, success, json) {
  const outcome = await send(method, path, json);
  const problem = problemOf(outcome);
  showAnswer(outcome);
  say(problem ?? success, problem !== undefined);
  if (codeOf(outcome) === 'refresh_token_rejected') signedOut();
  return problem === undefined;
}

/**
 * Fetches what is to be shown, and says so only when that fails.
 *
 * @param {string} path
 * @param {(value: unknown) => void} show
 */
async function look(path, show) {
  const outcome = await send('GET', path);
  const problem = problemOf(outcome);
  if (problem === undefined) show(outcome.value);
  else say(problem, true);
  return problem === undefined;
}

function lookAtDevices() {
  return look('/session/list', (value) => {
    const { sessions } = /** @type {{ sessions: ListedSession[] }} */ (value);
    showDevices(sessions, endDevice);
  });
}

async function lookAtAll() {
  const isThere = await look('/me', (value) => showSession(/** @type {Session} */ (value)));
  if (isThere) await lookAtDevices();
}

/** @param {ListedSession} session */
async function endDevice({ sid, current }) {
  if (!(await act('DELETE', `/session/${sid}`, 'That device is signed out.'))) return;
  if (current) return signedOut();
  // The button that had the focus is about to go.
  element('devices-title').focus();
  await lookAtDevices();
}

function signedOut() {
  forgetToken();
  showSession(null);
  element('user').focus();
}

const STAY = () => {};
const REFRESHED = 'Refreshed: a new access token, a new cookie.';
const ELEVATED = 'Re-authenticated: all earlier tokens of this session are dead.';

/**
 * What each button sends, what it says when that went well, and what is done then.
 *
 * @type {[id: string, method: string, path: string, success: string, then: () => unknown][]}
 */
const BUTTONS = [
  ['refresh', 'POST', '/session/refresh', REFRESHED, lookAtAll],
  ['sign-out', 'POST', '/session/logout', 'Signed out.', signedOut],
  ['sign-out-everywhere', 'POST', '/session/logout-all', 'Signed out everywhere.', signedOut],
  ['public', 'GET', '/public', 'GET /public answered.', STAY],
  ['me', 'GET', '/me', 'GET /me answered.', STAY],
  ['transfer', 'POST', '/transfer', 'Transferred: the sign-in was recent enough.', STAY],
  ['reauth', 'POST', '/reauth', ELEVATED, lookAtAll],
  [
    'sign-out-others',
    'POST',
    '/session/logout-others',
    'The others are signed out.',
    lookAtDevices,
  ],
];

/**
 * @param {string} id
 * @param {(fields: FormData) => Promise<unknown>} action
 */
function onSubmit(id, action) {
  const form = /** @type {HTMLFormElement} */ (element(id));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void action(new FormData(form));
  });
}

onOutcome(addToLog);
setInterval(showTimeLeft, 1000);

for (const [id, method, path, success, then] of BUTTONS) {
  element(id).addEventListener('click', async () => {
    if (await act(method, path, success)) await then();
  });
}
element('list').addEventListener('click', async () => {
  if (await lookAtDevices()) say('The list of devices is up to date.');
});

onSubmit('sign-in', async (fields) => {
  const device = fields.get('device');
  const body = { user: fields.get('user'), ...(device === '' ? {} : { device }) };
  if (!(await act('POST', '/login', 'Signed in.', JSON.stringify(body)))) return;
  await lookAtAll();
  element('account-title').focus();
});
onSubmit('patch', async (fields) => {
  const text = String(fields.get('text'));
  if (await act('PATCH', '/me', 'The session data is merged.', text)) await lookAtAll();
});

// Once, to pick up the session that the cookie may hold. To have none is no fault.
const found = await send('POST', '/session/refresh');
const problem = problemOf(found);
showAnswer(found);
if (problem === undefined) {
  say('The session was picked up from the cookie.');
  await lookAtAll();
} else if (codeOf(found) === 'refresh_token_missing') {
  say('Nobody is signed in here.');
} else {
  say(problem, true);
}
