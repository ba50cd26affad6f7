import type { Issued, RefreshResult } from '@sess/core';
import { checkRefresh, checkShown, checkVerify, noteIssued } from './checks/answers.js';
import { noteSlowness } from './connection.js';
import type { Ledger } from './ledger.js';
import type { Send } from './messages.js';
import { type Plan, SHORT_LIFE, type Step } from './plan.js';
import { createPrng } from './prng.js';
import { partsOf } from './tokens.js';
import type { Visit } from './visits.js';

const ATTEMPTS = 4;

/** State that the tabs of a browser share, and the tokens that a thief copied from it. */
interface Browser {
  readonly name: string;
  readonly user: string;
  jar: string | undefined;
  accessToken: string | undefined;
  stolen: string | undefined;
  stolenAccess: string | undefined;
}

/** The users, and the thieves who rob them. */
export interface Browsers {
  play(step: Step): void;
}

export function createBrowsers(given: {
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly send: Send;
}): Browsers {
  const { ledger, plan, send } = given;
  const { timeline } = ledger;
  const browsers = plan.users.map((user, n): Browser => {
    const empty = { jar: undefined, accessToken: undefined, stolen: undefined };
    return { name: `b${n + 1}`, user, ...empty, stolenAccess: undefined };
  });
  /** When each token was first sent: a response that is requested again and again is one long exchange. */
  const firstSent = new Map<string, number>();
  let updates = 0;

  const sidOf = ({ jar }: Browser): string | undefined =>
    jar === undefined ? undefined : partsOf(jar).sid;

  function noteSent(token: string): void {
    const { sid, family } = partsOf(token);
    ledger.storyOf(sid).sentFamilies.add(family);
  }

  function sayToken(token: string): string {
    const { sid, generation } = partsOf(token);
    return `${ledger.stories.get(sid)?.name ?? 'a new session'}, generation ${generation}`;
  }

  /** Puts the cookie of a response into the jar, in the order in which responses arrive. */
  function receive(browser: Browser, issued: Issued, presented?: string): void {
    browser.accessToken = issued.accessToken;
    const { refreshToken } = issued;
    if (refreshToken === presented) return;
    const before = browser.jar === undefined ? undefined : partsOf(browser.jar);
    const { sid, family, generation } = partsOf(refreshToken);
    const { isStolen, isSlow, isSetBack, name } = ledger.storyOf(sid);
    const isBack = before?.family === family && before.generation > generation;
    ledger.tell(() => `${browser.name}: its jar holds ${sayToken(refreshToken)}`);
    if (isBack && !isStolen && !isSlow && !isSetBack) {
      ledger.violate(
        'jar-holds-a-live-token',
        `a jar went from generation ${before.generation} of ${name} back to ${generation}`,
      );
    }
    browser.jar = refreshToken;
  }

  function visitOf(step: Step, browser: Browser, prng: Visit['prng']): Visit {
    return {
      prng,
      isCalm: step.isCalm,
      sentAt: timeline.now(),
      name: `${browser.name} ${step.kind}`,
      isOver: false,
    };
  }

  function verify(
    step: Step,
    browser: Browser,
    prng: Visit['prng'],
    token = browser.accessToken,
  ): void {
    const { user } = browser;
    if (token === undefined) return;
    const note = ledger.access.get(token);
    if (note !== undefined) ledger.storyOf(note.sid).sentFamilies.add(note.family);
    send({
      visit: { ...visitOf(step, browser, prng), name: `${browser.name} uses an access token` },
      place: step.process,
      ask: async (sessions) => sessions.verify(token),
      answered: (result, asked) => checkVerify(ledger, { ...asked, user, token }, result),
      arrived() {},
      failed() {},
    });
  }

  /** What a page does: it sends the jar's token, and again after a fault; then it uses what it got. */
  function refresh(step: Step, browser: Browser, prng: Visit['prng'], attempt = 0): void {
    const { jar: token, user } = browser;
    if (token === undefined) return;
    ledger.tell(() => `${browser.name} refreshes with ${sayToken(token)}`);
    const now = timeline.now();
    const since = firstSent.get(token) ?? now;
    firstSent.set(token, since);
    noteSent(token);
    noteSlowness(ledger, partsOf(token).sid, now - since);
    send<RefreshResult>({
      visit: visitOf(step, browser, prng),
      place: step.process + attempt,
      ask: (sessions) => sessions.refresh(token),
      answered(result, asked) {
        checkRefresh(
          ledger,
          { ...asked, user, token, isStillInJar: browser.jar === token },
          result,
        );
        ledger.tell(
          () =>
            `${browser.name}: ${result.ok ? `gets ${sayToken(result.refreshToken)}` : result.reason}`,
        );
      },
      arrived(result) {
        if (result.ok) {
          receive(browser, result, token);
          if (prng.chance(0.6)) verify(step, browser, prng);
        } else if (browser.jar === token || result.reason === 'reused') {
          // The cookie is cleared, or what is in it is worthless.
          browser.jar = undefined;
        }
      },
      failed() {
        if (attempt + 1 >= ATTEMPTS) return;
        const pause = prng.pick([0, 300, 2_000, 6_000]);
        timeline.after(pause, () => refresh(step, browser, prng, attempt + 1));
      },
    });
  }

  /** Refreshes with the copy, and keeps the result as the copy. */
  function abuse(step: Step, browser: Browser, prng: Visit['prng']): void {
    const { stolen: token, user } = browser;
    if (token === undefined) return;
    noteSent(token);
    ledger.tell(() => `thief of ${browser.name} refreshes with ${sayToken(token)}`);
    send<RefreshResult>({
      visit: visitOf(step, browser, prng),
      place: step.process,
      ask: (sessions) => sessions.refresh(token),
      answered: (result, asked) =>
        checkRefresh(ledger, { ...asked, user, token, isStillInJar: false }, result),
      arrived(result) {
        browser.stolen = result.ok ? result.refreshToken : undefined;
        if (!result.ok) return;
        browser.stolenAccess = result.accessToken;
        ledger.storyOf(partsOf(token).sid).abuses += 1;
      },
      failed() {},
    });
  }

  function login(step: Step, browser: Browser, prng: Visit['prng']): void {
    const { user } = browser;
    // By the seed, so that it changes the luck of nothing else.
    const lifetimes = step.seed % 4 === 0 ? SHORT_LIFE : {};
    send<Issued>({
      visit: visitOf(step, browser, prng),
      place: step.process,
      ask: (sessions) => sessions.create({ subject: user, ...lifetimes }),
      answered: (issued) => noteIssued(ledger, issued),
      arrived: (issued) => receive(browser, issued),
      failed() {},
    });
  }

  function elevate(step: Step, browser: Browser, prng: Visit['prng']): void {
    const sid = sidOf(browser);
    if (sid === undefined) return;
    send<Issued | undefined>({
      visit: visitOf(step, browser, prng),
      place: step.process,
      ask: (sessions) => sessions.elevate(sid),
      answered(issued, asked) {
        if (issued === undefined) return;
        checkShown(ledger, { ...asked, user: browser.user }, sid, issued.session);
        noteIssued(ledger, issued);
      },
      arrived(issued) {
        if (issued !== undefined) receive(browser, issued);
      },
      failed() {},
    });
  }

  function update(step: Step, browser: Browser, prng: Visit['prng']): void {
    const sid = sidOf(browser);
    if (sid === undefined) return;
    updates += 1;
    const patch = { [`key${updates}`]: updates };
    send({
      visit: visitOf(step, browser, prng),
      place: step.process,
      ask: (sessions) => sessions.update(sid, patch),
      answered(session, asked) {
        if (session === undefined) return;
        checkShown(ledger, { ...asked, user: browser.user }, sid, session);
      },
      arrived() {},
      failed() {},
    });
  }

  function endSession(step: Step, browser: Browser, prng: Visit['prng']): void {
    const { jar: refreshToken, user } = browser;
    const sid = sidOf(browser);
    send<unknown>({
      visit: visitOf(step, browser, prng),
      place: step.process,
      ask(sessions) {
        if (step.kind === 'logout') return sessions.end({ refreshToken });
        if (step.kind === 'revoke') return sessions.revoke(sid ?? '');
        const isSpared = step.spare && sid !== undefined;
        return sessions.revokeAll(user, isSpared ? { except: sid } : {});
      },
      answered() {},
      arrived() {
        if (step.kind === 'logout' && browser.jar === refreshToken) browser.jar = undefined;
      },
      failed() {},
    });
  }

  function steal(browser: Browser): void {
    const { jar } = browser;
    if (jar === undefined) return;
    ledger.storyOf(partsOf(jar).sid).isStolen = true;
    ledger.tell(() => `a thief copies ${sayToken(jar)} from ${browser.name}`);
    browser.stolen = jar;
  }

  return {
    play(step) {
      const browser = browsers[step.browser];
      if (browser === undefined) return;
      const prng = createPrng(step.seed);
      if (step.kind === 'refresh') refresh(step, browser, prng);
      else if (step.kind === 'verify') verify(step, browser, prng);
      else if (step.kind === 'login') login(step, browser, prng);
      else if (step.kind === 'elevate') elevate(step, browser, prng);
      else if (step.kind === 'update') update(step, browser, prng);
      else if (step.kind === 'steal') steal(browser);
      else if (step.kind === 'exploit') verify(step, browser, prng, browser.stolenAccess ?? '');
      else if (step.kind === 'abuse') abuse(step, browser, prng);
      else endSession(step, browser, prng);
    },
  };
}
