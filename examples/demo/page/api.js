import { createClient } from '@sess/client';
import { fingerprint, kindOfToken } from './token.js';

/**
 * What a request came to. Status 0: there was no answer.
 * @typedef {{ method: string, path: string, status: number, value: unknown, code: string }} Outcome
 */

/**
 * What there is to see: a request on the wire, with the tokens that it carried and brought; a new token; the end of
 * being signed in, and why.
 * @typedef {'here' | 'ended' | 'other-tab' | 'nobody'} Why
 * @typedef {Outcome & { kind: 'request', took: number, sent: string, received: string }} WireEvent
 * @typedef {{ kind: 'token', isOwn: boolean, mark: string, earlier: string, life: number }} TokenEvent
 * @typedef {WireEvent | TokenEvent | { kind: 'signed-out', why: Why }} PageEvent
 */

/** @type {((event: PageEvent) => void)[]} */
const listeners = [];

/** @param {(event: PageEvent) => void} listener */
export function onEvent(listener) {
  listeners.push(listener);
}

/** @param {PageEvent} event */
function tell(event) {
  for (const listener of listeners) listener(event);
}

/** The marks of the token in use and of one that has just come; nothing of a token is kept besides. */
let mark = '';
let arrived = '';
let tokenKind = '';
/** The code with which the last renewal was refused, until the client has drawn its conclusion. */
let refusal = '';
/** @type {unknown} */
let lastAnswer;
let isLeaving = false;
let wasSignedIn = false;

/** `opaque` or `JWT`, when a token has been seen. */
export function kindOfTokens() {
  return tokenKind;
}

/** The mark of the token in use, when it has been seen. */
export function markOfToken() {
  return mark;
}

/**
 * `fetch` with a window on what passes.
 *
 * @type {typeof fetch}
 */
async function observedFetch(input, init) {
  const begin = performance.now();
  const url = input instanceof Request ? input.url : String(input);
  const path = new URL(url, location.href).pathname;
  const method = init?.method ?? 'GET';
  const token = new Headers(init?.headers).get('Authorization')?.slice('Bearer '.length) ?? '';
  const sent = fingerprint(token);
  if (token !== '') tokenKind = kindOfToken(token);
  const about = () => ({
    kind: /** @type {const} */ ('request'),
    method,
    path,
    sent,
    took: Math.round(performance.now() - begin),
  });
  try {
    const response = await fetch(input, init);
    const { status } = response;
    const { value, received } = hideToken(parse(await response.clone().text()));
    const code = codeOf(value);
    if (received !== '') arrived = received;
    // A token that came from another tab shows itself when it is used.
    else if (sent !== '' && status !== 401) mark = sent;
    lastAnswer = value;
    if (path === '/session/refresh' && status === 401) refusal = code;
    tell({ ...about(), status, value, code, received });
    return response;
  } catch (error) {
    tell({ ...about(), status: 0, value: undefined, code: '', received: '' });
    throw error;
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

/** @param {unknown} value */
function hideToken(value) {
  if (typeof value !== 'object' || value === null || !('access_token' in value)) {
    return { value, received: '' };
  }
  const token = String(value.access_token);
  tokenKind = kindOfToken(token);
  const received = fingerprint(token);
  return { value: { ...value, access_token: `(kept in memory: ${received})` }, received };
}

/**
 * The code of a problem body, or nothing.
 *
 * @param {unknown} value
 */
function codeOf(value) {
  return typeof value === 'object' && value !== null && 'code' in value ? String(value.code) : '';
}

export const client = createClient({ environment: { fetch: observedFetch } });

client.subscribe(() => {
  if (client.signedIn) {
    const earlier = mark;
    const isOwn = arrived !== '';
    mark = arrived;
    arrived = '';
    wasSignedIn = true;
    tell({ kind: 'token', isOwn, mark, earlier, life: client.tokenLife });
    return;
  }
  const isNews = wasSignedIn;
  wasSignedIn = false;
  mark = '';
  const isMissing = refusal === 'refresh_token_missing' || refusal === 'session_required';
  /** @type {Why} */
  const why =
    refusal === '' ? (isLeaving ? 'here' : 'other-tab') : isMissing && !isNews ? 'nobody' : 'ended';
  refusal = '';
  if (isNews || why !== 'other-tab') tell({ kind: 'signed-out', why });
});

/**
 * Sends one request through the client, which renews the token first where it has to; and keeps a token that the answer
 * brings.
 *
 * @param {string} method
 * @param {string} path
 * @param {string} [json] the body, as it is to be sent
 * @returns {Promise<Outcome>}
 */
export async function send(method, path, json) {
  /** @type {RequestInit} */
  const init =
    json === undefined
      ? { method }
      : { method, body: json, headers: { 'Content-Type': 'application/json' } };
  try {
    const response = await client.fetch(path, init);
    const value = parse(await response.text());
    if (response.ok && typeof value === 'object' && value !== null && 'access_token' in value) {
      await client.start(/** @type {Parameters<typeof client.start>[0]} */ (value));
    }
    return {
      method,
      path,
      status: response.status,
      value: hideToken(value).value,
      code: codeOf(value),
    };
  } catch (error) {
    return { method, path, value: undefined, ...statusOf(error) };
  }
}

/**
 * Does what the client has a method for, and says what came of it as `send` does.
 *
 * @param {string} method what that method sends
 * @param {string} path
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Outcome>}
 */
export async function call(method, path, work) {
  isLeaving = path === '/session/logout' || path === '/session/logout-all';
  try {
    await work();
    return { method, path, status: 200, value: lastAnswer, code: '' };
  } catch (error) {
    return { method, path, value: undefined, ...statusOf(error) };
  } finally {
    isLeaving = false;
  }
}

/**
 * The status and the code of an error of the client; of a network's there are none.
 *
 * @param {unknown} error
 */
function statusOf(error) {
  const { status, code } = /** @type {{ status?: number, code?: unknown }} */ (error);
  // A DOMException has a code that is a number.
  return { status: status ?? 0, code: typeof code === 'string' ? code : '' };
}
