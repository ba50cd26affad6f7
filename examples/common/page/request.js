/**
 * One request and what came of it. Status 0: there was no answer.
 * @typedef {{ method: string, path: string, status: number, value: unknown, took: number }} Outcome
 */

/** The access token: here, and in no storage that outlives the page. */
let accessToken = '';
/** When it runs out, on the clock that no change of the computer's time moves. */
let accessTokenEnd = 0;

/** @type {((outcome: Outcome) => void)[]} */
const listeners = [];

/** @param {(outcome: Outcome) => void} listener */
export function onOutcome(listener) {
  listeners.push(listener);
}

/** Whole seconds that the access token still has, or undefined when there is none. */
export function secondsLeft() {
  if (accessToken === '') return undefined;
  return Math.max(0, Math.ceil((accessTokenEnd - performance.now()) / 1000));
}

export function forgetToken() {
  accessToken = '';
}

/**
 * Sends one request, with the access token if there is one, and keeps the token that it brings.
 *
 * @param {string} method
 * @param {string} path
 * @param {string} [json] the body, as it is to be sent
 * @returns {Promise<Outcome>}
 */
export async function send(method, path, json) {
  const begin = performance.now();
  const outcome = await attempt(method, path, json);
  const took = Math.round(performance.now() - begin);
  const told = { method, path, ...keepToken(outcome), took };
  for (const listener of listeners) listener(told);
  return told;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string | undefined} json
 */
async function attempt(method, path, json) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (accessToken !== '') headers['Authorization'] = `Bearer ${accessToken}`;
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const response = await fetch(path, {
      method,
      headers,
      ...(json === undefined ? {} : { body: json }),
    });
    const text = await response.text();
    return { status: response.status, value: parse(text) };
  } catch {
    return { status: 0, value: undefined };
  }
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parse(text) {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Takes the token out of a token response: what is shown and logged does not hold it.
 *
 * @param {{ status: number, value: unknown }} outcome
 */
function keepToken({ status, value }) {
  if (typeof value !== 'object' || value === null || !('access_token' in value))
    return { status, value };
  const { access_token: token, expires_in: life } =
    /** @type {{ access_token: string, expires_in: number }} */ (value);
  accessToken = token;
  accessTokenEnd = performance.now() + life * 1000;
  return { status, value: { ...value, access_token: `${token.slice(0, 4)}… (kept in memory)` } };
}
