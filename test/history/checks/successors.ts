import type { Finding, IssuedNames, Operation } from '../history.js';
import type { Losses } from './losses.js';
import { groupBy, type SessionStory } from './sessions.js';

type Issuing = Operation & { readonly issued: IssuedNames };

const isIssuing = (call: Operation): call is Issuing => call.issued !== undefined;

/**
 * One live successor a generation: whoever is given a token of it, is given the same pair. When a
 * failover has lost a rotation, the generation may be born a second time; the first one is dead then.
 */
export function checkSuccessors(story: SessionStory, losses: Losses): readonly Finding[] {
  const issuing = story.calls.filter(isIssuing);
  const findings: Finding[] = [];
  for (const [generation, calls] of groupBy(issuing, ({ issued }) => String(issued.generation))) {
    const byRefresh = groupBy(calls, ({ issued }) => issued.refresh);
    const firsts = [...byRefresh.values()].flatMap((variant) => variant.slice(0, 1));
    const [first, ...others] = firsts;
    for (const other of first === undefined ? [] : others) {
      const isExplained = losses.explain(first as Issuing) || losses.explain(other);
      findings.push({
        rule: 'one successor',
        verdict: isExplained ? 'failover' : 'violation',
        session: story.name,
        text: `${story.name}: two different refresh tokens of generation ${generation}`,
        evidence: [first as Issuing, other],
      });
    }
    findings.push(...checkBothLive(story, byRefresh, losses), ...checkPairs(story, byRefresh));
  }
  return findings;
}

/** Of two tokens of one generation the earlier is not taken any more once the later is out. */
function checkBothLive(
  story: SessionStory,
  byRefresh: ReadonlyMap<string, readonly Issuing[]>,
  losses: Losses,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (byRefresh.size < 2) return findings;
  for (const [name, issuers] of byRefresh) {
    const born = issuers[0];
    for (const call of story.calls) {
      if (born === undefined || call.kind !== 'refresh' || call.outcome !== 'ok') continue;
      const rival = call.token;
      if (rival === undefined || rival === name || !byRefresh.has(rival)) continue;
      if (call.from <= born.to) continue;
      // The later token is out, and the earlier one is accepted.
      const isExplained = losses.explain(born) || losses.explain(call);
      findings.push({
        rule: 'one successor',
        verdict: isExplained ? 'failover' : 'violation',
        session: story.name,
        text: `${rival} was accepted after ${name} was out`,
        evidence: [born, call],
      });
    }
  }
  return findings;
}

/** The access token that comes with a refresh token is derived from it; it does not run out in a test. */
function checkPairs(
  story: SessionStory,
  byRefresh: ReadonlyMap<string, readonly Issuing[]>,
): readonly Finding[] {
  return [...byRefresh].flatMap(([name, issuers]): Finding[] => {
    const first = issuers[0];
    const other = issuers.find(({ issued }) => issued.access !== first?.issued.access);
    if (first === undefined || other === undefined) return [];
    const text = `${name} came with ${first.issued.access}, and with ${other.issued.access}`;
    const evidence = [first, other];
    return [{ rule: 'one successor', verdict: 'violation', session: story.name, text, evidence }];
  });
}

/** A refresh answers with the newest pair: never with an older one than a call that had ended before it began. */
export function checkNeverBack(story: SessionStory, losses: Losses): readonly Finding[] {
  const issuing = story.calls.filter(isIssuing);
  const findings: Finding[] = [];
  for (const later of issuing) {
    const newer = issuing.filter(
      ({ to, issued }) => to < later.from && issued.generation > later.issued.generation,
    );
    const firm = newer.find((earlier) => !losses.explain(earlier));
    const earlier = firm ?? newer[0];
    if (earlier === undefined) continue;
    const isExplained = firm === undefined || losses.explain(later);
    findings.push({
      rule: 'never back',
      verdict: isExplained ? 'failover' : 'violation',
      session: story.name,
      text: `${later.issued.refresh} was answered after ${earlier.issued.refresh}`,
      evidence: [earlier, later],
    });
  }
  return findings;
}
