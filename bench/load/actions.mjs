// The actions of an honest client as `[weight, action]`. After each, the device is signed in, or knows that it is signed out.

/** Sends one request with the bearer token and checks a rejection. */
async function ask(device, action, given) {
  // The state when the request was sent: a page has several requests in flight.
  const { held } = device;
  const answer = await device.send(action, { headers: [device.bearer()], ...given });
  if (answer.status === 200 || answer.status === 204) return answer;
  if (answer.status === 401 && device.isOver(true, held)) device.forget();
  else device.refuse(action, answer);
  return undefined;
}

const get = (action, path) => (device) => ask(device, action, { path });

async function pageLoad(device) {
  await Promise.all([1, 2, 3].map(() => ask(device, 'me', { path: '/me' })));
}

async function update(device) {
  const headers = [device.bearer(), ['Content-Type', 'application/json']];
  const body = JSON.stringify({ [`n${device.random.below(3)}`]: device.random.below(1_000) });
  await ask(device, 'patch', { method: 'PATCH', path: '/me', headers, body });
}

async function signOut(device) {
  const headers = [device.bearer(), device.jar()];
  const answer = await device.send('logout', { method: 'POST', path: '/session/logout', headers });
  if (answer.status !== 204) device.refuse('logout', answer);
  await device.expectOver();
}

async function endOthers(device) {
  const began = performance.now();
  const { user } = device;
  // Only earlier sessions: a concurrent sign-in may be ordered before or after.
  const before = user.devices.flatMap((other) =>
    other !== device && other.held?.sid !== undefined ? [[other, other.held.sid]] : [],
  );
  const answer = await user.endingOthers(device, () =>
    ask(device, 'logout-others', { method: 'POST', path: '/session/logout-others' }),
  );
  if (answer === undefined || user.mayHaveEnded(device, { since: began })) return;
  for (const [other, sid] of before) other.wasEnded(sid);
}

async function endOne(device) {
  const { user, random } = device;
  const other = random.pick(user.devices);
  const sid = other.held?.sid;
  if (other === device || sid === undefined) return;
  const given = { method: 'DELETE', path: `/session/${sid}`, headers: [device.bearer()] };
  user.endingOne(sid);
  const answer = await device.send('delete', given);
  const { status } = answer;
  if (status === 204) other.wasEnded(sid);
  else if (status === 401 && device.isOver(true)) device.forget();
  // The session may have ended already.
  else if (status !== 404) device.refuse('delete', answer);
}

export const ACTIONS = [
  [500, get('me', '/me')],
  [60, pageLoad],
  [60, get('list', '/session/list')],
  [30, get('devices', '/devices')],
  [30, get('public', '/public')],
  [60, update],
  [120, (device) => device.refresh()],
  [20, (device) => device.refresh(true)],
  [15, (device) => device.elevate()],
  [15, signOut],
  [5, endOthers],
  [10, endOne],
  // The browser is closed without a logout, and the session expires.
  [10, async (device) => device.forget()],
];
