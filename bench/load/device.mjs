// An honest client: one device of a user. It sends one request after the other, keeps the newest cookie, and refreshes
// its access token before it expires.
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds before its expiry in which a token is no longer used. */
const MARGIN = 500;
/** The `Retry-After` of a 503, and the number of retries. */
const PAUSE = 1_000;
const ATTEMPTS = 10;

/** Devices of one user end each other's sessions, so the record is shared. */
export function createUser(name) {
  const sweeps = new Map();
  const ended = new Set();
  return {
    name,
    devices: [],
    /** Marks a request of `by` that ends all other sessions. */
    async endingOthers(by, work) {
      sweeps.set(by, Number.POSITIVE_INFINITY);
      try {
        return await work();
      } finally {
        sweeps.set(by, performance.now());
      }
    },
    /** Marks a request that ends one session; called before it is sent. */
    endingOne: (sid) => void ended.add(sid),
    /** True if another device may have ended the session of this device, which began at `since`. */
    mayHaveEnded: (device, { sid, since }) =>
      ended.has(sid) || [...sweeps].some(([by, at]) => by !== device && at >= since),
  };
}

export function createDevice({ user, label, sender, tally, lives, random }) {
  /** The state of the client; absent while it is signed out. */
  let held;

  const now = () => performance.now();
  const bearer = () => ['Authorization', `Bearer ${held.token}`];
  const jar = () => ['Cookie', held.cookie];

  /** Retries after a 503, as the response asks; the tokens are kept. */
  async function send(action, given, attempts = ATTEMPTS) {
    const began = now();
    const answer = await sender.send(given);
    tally.add(action, answer.status, now() - began);
    if (answer.status !== 503) return answer;
    tally.addUnavailable(action);
    if (attempts <= 1) return answer;
    await sleep(PAUSE);
    return send(action, given, attempts - 1);
  }

  /** True if a rejection is legitimate: the session or the token expired, or another device ended it. */
  function isOver(needsToken, had = held) {
    const at = now();
    const hasRunOut = at >= had.endsAt || (needsToken && at >= had.tokenEndsAt);
    return hasRunOut || user.mayHaveEnded(device, had);
  }

  function refuse(action, { status, text }) {
    tally.fail(`${action}: ${status} ${text.slice(0, 160)}`);
  }

  /** Stores the tokens of a sign-in, a refresh or a re-authentication. */
  function take({ cookies, text }, began) {
    const { access_token: token, expires_in: seconds } = JSON.parse(text);
    const cookie = cookies.map((line) => line.split(';', 1)[0]).find((pair) => /sess=./.test(pair));
    // Counted from the request: the server cannot have begun earlier.
    held = { ...held, token, tokenEndsAt: began + seconds * 1_000, cookie: cookie ?? held?.cookie };
  }

  const device = {
    label,
    user,
    random,
    send,
    refuse,
    isOver,
    bearer,
    jar,
    get held() {
      return held;
    },
    forget() {
      held = undefined;
    },
    /** Records that another device ended the session `sid`. */
    wasEnded(sid) {
      if (held?.sid === sid) held = { ...held, mustBeOver: true };
    },
    async signIn() {
      const began = now();
      const body = JSON.stringify({ user: user.name, device: label });
      const headers = [['Content-Type', 'application/json']];
      const answer = await send('login', { method: 'POST', path: '/login', headers, body });
      if (answer.status !== 200) return refuse('login', answer);
      held = undefined;
      take(answer, began);
      held = { ...held, since: began, endsAt: began + lives.absolute };
      const current = await send('current', { path: '/session', headers: [bearer()] });
      if (current.status === 200) held = { ...held, sid: JSON.parse(current.text).sid };
      else if (!isOver(true)) refuse('current', current);
      else held = undefined;
    },
    /** @param isLost true if the first attempt is aborted before its response arrives, as on a bad network */
    async refresh(isLost = false) {
      const given = { method: 'POST', path: '/session/refresh', headers: [jar()] };
      const began = now();
      if (isLost) await giveUp(given);
      const answer = await send('refresh', given);
      if (answer.status === 200) return take(answer, began);
      // The cookie is cleared for one reason only: reuse.
      if (answer.cookies.some((line) => /sess=;/.test(line))) tally.fail('treated as a reuse');
      else if (answer.status !== 401 || !isOver(false)) refuse('refresh', answer);
      held = undefined;
    },
    async elevate() {
      const began = now();
      const given = { method: 'POST', path: '/reauth', headers: [bearer()] };
      const answer = await send('reauth', given, 1);
      if (answer.status === 503) {
        // The request may have been executed: then the old tokens are revoked, and the new ones did not arrive.
        held = undefined;
      } else if (answer.status === 200) {
        take(answer, began);
        held = { ...held, endsAt: began + lives.absolute };
      } else {
        if (answer.status !== 401 || !isOver(true)) refuse('reauth', answer);
        held = undefined;
      }
    },
    /** Signs in, or refreshes the token if due. Returns whether the device has a session. */
    async prepare() {
      if (held?.mustBeOver) await expectOver();
      if (held !== undefined && now() >= held.endsAt - 2 * MARGIN) held = undefined;
      if (held === undefined) await device.signIn();
      else if (now() >= held.tokenEndsAt - MARGIN) await device.refresh();
      return held?.sid !== undefined;
    },
  };

  async function giveUp(given) {
    const { signal, abort } = abortAfter(random.below(4));
    try {
      await sender.send({ ...given, signal });
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    } finally {
      abort();
    }
  }

  /** An ended session must be rejected immediately, by both of its tokens. */
  async function expectOver() {
    const answers = [
      await send('me, ended', { path: '/me', headers: [bearer()] }),
      await send('refresh, ended', {
        method: 'POST',
        path: '/session/refresh',
        headers: [jar()],
      }),
    ];
    for (const { status } of answers)
      if (status !== 401) tally.fail(`an ended session is accepted with status ${status}`);
    held = undefined;
  }
  device.expectOver = expectOver;
  return device;
}

function abortAfter(milliseconds) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), milliseconds);
  return { signal: controller.signal, abort: () => clearTimeout(timer) };
}
