// An honest client: one device of a user, which does one thing after the other, keeps the newest cookie, and renews its
// access token before that runs out.
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds before the end of a token in which it is not used any more. */
const MARGIN = 500;
/** What `Retry-After` says of a store that did not answer, and how often it is heeded. */
const PAUSE = 1_000;
const ATTEMPTS = 10;

/** Devices of one user end each other's sessions: what another does counts for all. */
export function createUser(name) {
  const sweeps = new Map();
  const ended = new Set();
  return {
    name,
    devices: [],
    /** Around a request of `by` that ends all sessions but its own. */
    async endingOthers(by, work) {
      sweeps.set(by, Number.POSITIVE_INFINITY);
      try {
        return await work();
      } finally {
        sweeps.set(by, performance.now());
      }
    },
    /** Before a request that ends one session. */
    endingOne: (sid) => void ended.add(sid),
    /** Whether another device may have ended the session of this one, which began at `since`. */
    mayHaveEnded: (device, { sid, since }) =>
      ended.has(sid) || [...sweeps].some(([by, at]) => by !== device && at >= since),
  };
}

export function createDevice({ user, label, sender, tally, lives, random }) {
  /** What the client holds: absent while nobody is signed in. */
  let held;

  const now = () => performance.now();
  const bearer = () => ['Authorization', `Bearer ${held.token}`];
  const jar = () => ['Cookie', held.cookie];

  /** After a 503 it asks again, as the answer says; nothing is thrown away for it. */
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

  /** Whether a refusal is nobody's fault: the session, or the token, ran out or was ended by another device. */
  function isOver(needsToken, had = held) {
    const at = now();
    const hasRunOut = at >= had.endsAt || (needsToken && at >= had.tokenEndsAt);
    return hasRunOut || user.mayHaveEnded(device, had);
  }

  function refuse(action, { status, text }) {
    tally.fail(`${action}: ${status} ${text.slice(0, 160)}`);
  }

  /** Takes in what the answer to a sign-in, a refresh or a re-authentication brought. */
  function take({ cookies, text }, began) {
    const { access_token: token, expires_in: seconds } = JSON.parse(text);
    const cookie = cookies.map((line) => line.split(';', 1)[0]).find((pair) => /sess=./.test(pair));
    // Counted from when it was asked for: the server cannot have begun earlier.
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
    /** Somebody else was told that this session is over; `sid` is which. */
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
    /** @param isLost whether the first attempt is given up before its answer is there, as on a bad network */
    async refresh(isLost = false) {
      const given = { method: 'POST', path: '/session/refresh', headers: [jar()] };
      const began = now();
      if (isLost) await giveUp(given);
      const answer = await send('refresh', given);
      if (answer.status === 200) return take(answer, began);
      // The cookie is taken away for one reason only.
      if (answer.cookies.some((line) => /sess=;/.test(line))) tally.fail('called a thief');
      else if (answer.status !== 401 || !isOver(false)) refuse('refresh', answer);
      held = undefined;
    },
    async elevate() {
      const began = now();
      const given = { method: 'POST', path: '/reauth', headers: [bearer()] };
      const answer = await send('reauth', given, 1);
      if (answer.status === 503) {
        // It may have happened: the tokens of before are dead then, and those of now did not arrive.
        held = undefined;
      } else if (answer.status === 200) {
        take(answer, began);
        held = { ...held, endsAt: began + lives.absolute };
      } else {
        if (answer.status !== 401 || !isOver(true)) refuse('reauth', answer);
        held = undefined;
      }
    },
    /** Signs in, or renews the token, if that is due. Answers whether there is a session to work with. */
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

  /** What was ended must be dead at once, by both of its tokens. */
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
      if (status !== 401) tally.fail(`a session that was ended answers ${status}`);
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
