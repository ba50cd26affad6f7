import type { Ledger } from '../ledger.js';

/** An end that an engine tells of: a spent token came back, or the store had lost writes. */
export function checkEvent(ledger: Ledger, sid: string, cause: 'reuse' | 'lost-writes'): void {
  const story = ledger.storyOf(sid);
  const { name } = story;
  ledger.tell(() => `  event: ${cause} of ${name}`);
  story.endsTold += 1;
  if (story.endsTold > 1 && !story.isSetBack) {
    ledger.violate('one-event-a-theft', `the end of ${name} is told twice`);
  }
  if (story.isStolen || story.isSlow) return;
  if (cause === 'lost-writes') {
    if (story.isSetBack) return;
    ledger.violate('honest-stay-signed-in', `the store lost nothing of ${name}, and it was ended`);
  } else if (story.isSetBack) {
    ledger.violate('rollback-is-no-theft', `${name} was set back, and reuse is told`);
  } else if (story.elevations > 0) {
    ledger.violate('reauthentication-is-no-theft', `${name} was elevated, and reuse is told`);
  } else {
    ledger.violate('no-honest-thief', `nobody has a copy of a token of ${name}, and reuse is told`);
  }
}

/** What was ended for a spent token has been told, as soon as whoever did it knows that it did. */
export function checkTold(ledger: Ledger): void {
  for (const { name, endsMade, endsTold } of ledger.stories.values()) {
    if (endsMade === endsTold) continue;
    ledger.violate(
      'one-event-a-theft',
      `${name} was ended ${endsMade} times, and told of ${endsTold} times`,
    );
  }
}
