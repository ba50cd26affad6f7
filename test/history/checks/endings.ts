import type { Finding, Operation } from '../history.js';
import type { Losses } from './losses.js';
import { groupBy, isAccepted, isConfirmedEnd, type SessionStory } from './sessions.js';

/**
 * No token is accepted, and nothing is written, by a call that began after the confirmed end of the
 * session. A failover may have lost the end; then the session lives again until the process that had ended it says so
 * anew, and not longer.
 */
export function checkEnded(story: SessionStory, losses: Losses): readonly Finding[] {
  const ends = story.enders.filter((ender) => isConfirmedEnd(ender, story.birth));
  if (ends.length === 0) return [];
  const findings: Finding[] = [];
  for (const call of story.calls.filter(isAccepted)) {
    const before = ends.filter(({ to }) => to < call.from);
    if (before.length === 0) continue;
    const firm = before.find((end) => !losses.explain(end));
    const allowedUntil = Math.min(...before.map((end) => losses.revivalEnds(end)));
    const [first] = before;
    const end = firm ?? first;
    if (end === undefined) continue;
    const evidence = [end, call];
    const since = (call.from - end.to).toFixed(0);
    const shared = { rule: 'ended is ended', session: story.name, evidence } as const;
    if (firm !== undefined) {
      const text = `${story.name}: '${call.kind}' was accepted, begun ${since} ms after a confirmed '${end.kind}'`;
      findings.push({ ...shared, verdict: 'violation', text });
      continue;
    }
    const lasted = Math.max(0, call.to - losses.lastEnd(call.shard, call.from));
    const isTooLong = call.from > allowedUntil;
    findings.push({
      ...shared,
      verdict: isTooLong ? 'violation' : 'failover',
      lasted,
      text: isTooLong
        ? `${story.name}: revived by a failover, and still accepted ${lasted.toFixed(0)} ms after that was over`
        : `${story.name}: revived by a failover that lost a '${end.kind}'`,
    });
  }
  return findings;
}

/** A token that was refused once is refused for good: sessions do not come back. */
export function checkRefused(story: SessionStory, losses: Losses): readonly Finding[] {
  const findings: Finding[] = [];
  const presented = groupBy(story.calls, ({ kind, token }) =>
    kind === 'verify' || kind === 'refresh' ? token : undefined,
  );
  for (const [token, calls] of presented) {
    const refused: Operation[] = calls.filter(({ outcome }) => outcome === 'failed');
    if (refused.length === 0) continue;
    for (const call of calls.filter(isAccepted)) {
      const before = refused.filter(({ to }) => to < call.from);
      const firm = before.find((no) => !losses.explain(no));
      const no = firm ?? before[0];
      if (no === undefined) continue;
      const isExplained = firm === undefined || losses.explain(call);
      findings.push({
        rule: 'refused stays refused',
        verdict: isExplained ? 'failover' : 'violation',
        session: story.name,
        text: `${token} was refused (${no.detail ?? '?'}), and later accepted`,
        evidence: [no, call],
      });
    }
  }
  return findings;
}
