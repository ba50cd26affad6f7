/** @import { Outcome } from './api.js' */
/** @import { ListedDevice, Session } from './view.js' */
import { call, client, onEvent, send } from './api.js';
import { element, onClick, onSubmit, say } from './dom.js';
import { addToLog } from './log.js';
import {
  showAnswer,
  showAway,
  showDevices,
  showNewToken,
  showNoList,
  showSession,
  showTime,
  whoIsShown,
} from './view.js';
import { goodbye, isAway, problemOf } from './words.js';

/** Milliseconds between the requests of a page that keeps calling. */
const PACE = 3_000;

/**
 * Says what came of a request. Answers whether it went well.
 *
 * @param {Outcome} outcome
 * @param {string} success what to say then
 */
function report(outcome, success) {
  const problem = problemOf(outcome);
  // Of the end of a session the event tells, and knows more.
  if (outcome.status === 401 && client.signedIn === false) return false;
  showAnswer(outcome, problem, success);
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
  else if (outcome.code === 'not_supported') showNoList();
  else if (client.signedIn !== false) say(problem, true);
  return problem === undefined;
}

const lookAtSession = () => look('/me', (value) => showSession(/** @type {Session} */ (value)));

const lookAtDevices = () =>
  look('/devices', (value) => {
    const { devices } = /** @type {{ devices: ListedDevice[] }} */ (value);
    showDevices(devices, endDevice);
  });

async function lookAtAll() {
  if (await lookAtSession()) await lookAtDevices();
}

/** @param {ListedDevice} device */
async function endDevice({ sid, current }) {
  if (current) return signOut();
  const path = `/session/${sid}`;
  const outcome = await call('DELETE', path, () => client.sessions.revoke(sid));
  if (!report(outcome, 'That device is signed out.')) return;
  // The button that had the focus is about to go.
  element('devices-title').focus();
  await lookAtDevices();
}

async function signOut() {
  report(await call('POST', '/session/logout', () => client.logout()), 'Signed out.');
}

/** Asks who it is, and goes on with what asked for it. */
async function reauthenticate() {
  const outcome = await send('POST', '/reauth');
  const isDone = report(outcome, 'Re-authenticated: all earlier tokens of this session are dead.');
  if (isDone) await lookAtAll();
  return isDone;
}

async function transfer() {
  const outcome = await send('POST', '/transfer');
  if (outcome.code === 'insufficient_user_authentication') {
    showAnswer(outcome, undefined, 'The transfer waits for you to confirm who you are.');
    /** @type {HTMLDialogElement} */ (element('confirm')).showModal();
  } else report(outcome, 'Transferred: the proof of who you are was recent enough.');
}

/** @type {ReturnType<typeof setInterval> | undefined} */
let calling;

function stopCalling() {
  clearInterval(calling);
  calling = undefined;
  element('keep').setAttribute('aria-pressed', 'false');
}

function toggleCalling() {
  if (calling !== undefined) return stopCalling();
  calling = setInterval(lookAtSession, PACE);
  element('keep').setAttribute('aria-pressed', 'true');
  say('GET /me goes out every 3 seconds.');
  return lookAtSession();
}

onEvent(addToLog);
onEvent((event) => {
  if (event.kind === 'request') {
    if (showAway(isAway(event))) say('The server is back, and nothing was lost.');
  } else if (event.kind === 'signed-out') {
    stopCalling();
    showSession(null);
    say(goodbye(event.why), event.why === 'ended');
  } else {
    showNewToken(event.life);
    // Somebody has signed in elsewhere, for this tab as well.
    if (!event.isOwn && whoIsShown() === undefined) void lookAtAll();
  }
});
setInterval(showTime, 1000);

onClick('again', () => (client.signedIn ? lookAtAll() : lookAtStart()));
onClick('renew', async () => {
  const outcome = await call('POST', '/session/refresh', () => client.refresh());
  if (client.signedIn && report(outcome, 'Renewed: one new access token, for all tabs.')) {
    await lookAtAll();
  } else report(outcome, '');
});
onClick('sign-out', signOut);
onClick('sign-out-everywhere', async () => {
  const outcome = await call('POST', '/session/logout-all', () => client.logoutEverywhere());
  report(outcome, 'Signed out everywhere.');
});
onClick('sign-out-others', async () => {
  const path = '/session/logout-others';
  const outcome = await call('POST', path, () => client.sessions.revokeOthers());
  if (report(outcome, 'All other devices are signed out.')) await lookAtDevices();
});
onClick('public', async () => report(await send('GET', '/public'), 'GET /public answered.'));
onClick('me', async () => report(await send('GET', '/me'), 'GET /me answered.'));
onClick('keep', toggleCalling);
onClick('transfer', transfer);
onClick('reauth', reauthenticate);
onClick('list', async () => {
  if (await lookAtDevices()) say('The list of devices is up to date.');
});
onClick('confirm-yes', async () => {
  /** @type {HTMLDialogElement} */ (element('confirm')).close();
  if (await reauthenticate()) await transfer();
});
onClick('confirm-no', () => /** @type {HTMLDialogElement} */ (element('confirm')).close());
onClick('clear', () => element('log').replaceChildren());

onSubmit('sign-in', async (fields) => {
  const device = fields.get('device');
  const body = { user: fields.get('user'), ...(device === '' ? {} : { device }) };
  if (!report(await send('POST', '/login', JSON.stringify(body)), 'Signed in.')) return;
  await lookAtAll();
  element('account-title').focus();
});
onSubmit('patch', async (fields) => {
  const outcome = await send('PATCH', '/me', String(fields.get('text')));
  if (report(outcome, 'The session data is merged.')) await lookAtSession();
});

// What another device has done meanwhile is seen when somebody looks.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && client.signedIn) void lookAtAll();
});

/** Picks up the session that the cookie may hold. To have none is no fault. */
async function lookAtStart() {
  const outcome = await call('POST', '/session/refresh', () => client.refresh());
  if (client.signedIn) {
    say('The session was picked up from the cookie.');
    await lookAtAll();
  } else if (client.signedIn === undefined) report(outcome, '');
}

await lookAtStart();
