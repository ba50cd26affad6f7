// Malformed and hostile requests. None may result in a status 5xx, and none in a session.

const CHARACTERS = [...'09azAZ-_.~+/=;:,"\\{}[]()<>%& \t\u00e9'];

/** Returns a text that was changed in some places and is still legal in a header. */
function change(random, text) {
  let changed = text;
  for (let n = 1 + random.below(3); n > 0; n -= 1) {
    const at = random.below(changed.length + 1);
    const rest = changed.slice(at + random.below(4));
    const middle = random.pick(CHARACTERS).repeat(random.isOneIn(20) ? 3_000 : random.below(4));
    changed = changed.slice(0, at) + middle + rest;
  }
  return changed;
}

const ACCESS = `sat_${'A'.repeat(32)}.${'B'.repeat(43)}`;
const REFRESH = `srt_${'A'.repeat(32)}.${'C'.repeat(22)}.${'B'.repeat(43)}`;
const JWT = 'eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhZGEiLCJleHAiOjFlNDAwfQ.AAAA';

const PLACES = [
  ['GET', '/me'],
  ['GET', '/session'],
  ['GET', '/session/list'],
  ['GET', '/devices'],
  ['POST', '/session/refresh'],
  ['POST', '/session/logout'],
  ['POST', '/session/logout-all'],
  ['POST', '/transfer'],
  ['DELETE', '/session/__proto__'],
  ['PATCH', '/me'],
  ['PUT', '/session/refresh'],
  ['GET', '/nowhere?access_token=x'],
];

const BODIES = [
  '{"user":"ada"',
  '{"user":7}',
  '{"user":"\\ud800"}',
  '{"__proto__":{"user":"ada"}}',
  '[]',
  'null',
  '',
  '{"user":"ada","device":{"label":1}}',
  `{"user":"ada","x":${'['.repeat(500)}${']'.repeat(500)}}`,
  `{"user":"${'x'.repeat(120_000)}"}`,
];

/** Returns a request and the check of its response. */
export function makeGarbage(random) {
  if (random.isOneIn(4)) {
    const headers = [
      ['Content-Type', change(random, 'application/json')],
      ['Sec-Fetch-Site', random.pick(['cross-site', 'same-origin', 'x'])],
    ];
    const body = random.isOneIn(3) ? change(random, '{"user":7}') : random.pick(BODIES);
    return { method: 'POST', path: '/login', headers, body };
  }
  const [method, path] = random.pick(PLACES);
  const token = random.pick([ACCESS, REFRESH, JWT]);
  const line = () => ['Authorization', change(random, `Bearer ${token}`)];
  const headers = random.isOneIn(10) ? [line(), line()] : [line()];
  if (random.isOneIn(2)) headers.push(['Cookie', change(random, `a=b; __Host-sess=${REFRESH}`)]);
  const body = method === 'PATCH' ? random.pick(BODIES) : undefined;
  return { method, path, headers, ...(body === undefined ? {} : { body }) };
}

/** Accepts a rejection, or a logout, which treats any token as one that has ended already. */
export function isGoodAnswer({ path, body }, status) {
  if (status === 204) return path === '/session/logout';
  if (status === 200) return path === '/login' && namesSomebody(body);
  return status >= 400 && status < 500;
}

/** A random change may have produced a valid sign-in. */
function namesSomebody(body) {
  try {
    const { user } = JSON.parse(body);
    return typeof user === 'string' && user !== '';
  } catch {
    return false;
  }
}
