import type { Finding, History, Operation, Tolerance } from '../history.js';
import type { Losses } from './losses.js';
import type { SessionStory } from './sessions.js';

/** Nobody steals tokens in a history, so nobody may be called a thief, failover or not. */
export function checkThieves(history: History): readonly Finding[] {
  const refused = history.operations.filter(({ detail }) => detail === 'reused');
  const told = history.events.filter(({ name, cause }) => name === 'reuse' || cause === 'reuse');
  return [
    ...refused.map((call): Finding => {
      const text = `${call.token ?? '?'} of an honest client was answered 'reused'`;
      return { ...thief(call.session, text), evidence: [call] };
    }),
    ...told.map(({ session, name }) =>
      thief(session, `${session ?? '?'}: the event '${name}' tells of a theft`),
    ),
  ];
}

function thief(session: string | undefined, text: string): Finding {
  return {
    rule: 'no honest thief',
    verdict: 'violation',
    text,
    evidence: [],
    ...(session === undefined ? {} : { session }),
  };
}

/**
 * A token works as long as nobody has begun to end its session. After a failover that lost writes it may
 * be unknown, because the write that made it is gone, or because the session had to be given up for that.
 * Logging out is use as well: it must find what it is to end.
 */
export function checkSignedOut(story: SessionStory, losses: Losses): readonly Finding[] {
  const findings: Finding[] = [];
  for (const call of story.calls) {
    if (call.outcome !== 'failed' || call.from < story.birth.to) continue;
    if (story.enders.some((ender) => ender !== call && ender.from < call.to)) continue;
    const isLost = story.calls.some(
      (made) => made.issued !== undefined && made.to <= call.to && losses.explain(made),
    );
    findings.push({
      rule: 'nobody signed out',
      verdict: isLost || losses.explain(call) ? 'failover' : 'violation',
      session: story.name,
      text: `${story.name}: '${call.kind}' was refused (${call.detail ?? 'absent'}), and nobody had ended the session`,
      evidence: [call],
    });
  }
  return findings;
}

/** How many calls of the store a call of the engine makes one after the other, when nothing is in its way. */
const STORE_CALLS: Readonly<Record<Operation['kind'], number>> = {
  create: 2,
  verify: 1,
  refresh: 2,
  update: 2,
  revoke: 2,
  logout: 2,
  revokeAll: 2,
};

/** Every call ends, in time, with one of the three outcomes. */
export function checkDeadlines(history: History, tolerance: Tolerance): readonly Finding[] {
  const findings: Finding[] = history.unanswered.map((what) => ({
    rule: 'answered in time',
    verdict: 'violation',
    text: `never answered: ${what}`,
    evidence: [],
  }));
  for (const call of history.operations) {
    // Nobody can keep a deadline while he is not let run.
    const took = call.to - call.from - call.starved;
    const limit = tolerance.timeout * STORE_CALLS[call.kind] + tolerance.margin;
    const fault = call.isUnexpected === true ? `threw ${call.detail ?? ''}` : undefined;
    const late = took > limit ? `took ${took.toFixed(0)} ms, more than ${limit}` : undefined;
    const problem = fault ?? late;
    if (problem === undefined) continue;
    findings.push({
      rule: 'answered in time',
      verdict: 'violation',
      text: `'${call.kind}' ${problem}`,
      evidence: [call],
      ...(call.session === undefined ? {} : { session: call.session }),
    });
  }
  return findings;
}
