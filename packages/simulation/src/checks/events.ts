import type { Ledger } from '../ledger.js';

/** Checks an end that an engine reports: a spent token came back, or the store had lost writes. */
export function checkEvent(ledger: Ledger, sid: string, cause: 'reuse' | 'lost-writes'): void {
  const story = ledger.storyOf(sid);
  const { name } = story;
  ledger.tell(() => `  event: ${cause} of ${name}`);
  story.endsTold += 1;
  if (story.endsTold > 1 && !story.isSetBack) {
    ledger.violate('one-event-a-theft', `the end of ${name} is reported twice`);
  }
  if (story.isStolen || story.isSlow) return;
  if (cause === 'lost-writes') {
    if (story.isSetBack) return;
    ledger.violate('honest-stay-signed-in', `the store lost nothing of ${name}, and it was ended`);
  } else if (story.isSetBack) {
    ledger.violate('rollback-is-no-theft', `${name} was set back, and reuse is reported`);
  } else if (story.elevations > 0) {
    ledger.violate('reauthentication-is-no-theft', `${name} was elevated, and reuse is reported`);
  } else {
    ledger.violate('no-honest-thief', `no thief has a token of ${name}, and reuse is reported`);
  }
}

/** Checks that an end for a spent token is reported as soon as the process that removed the session knows it. */
export function checkTold(ledger: Ledger): void {
  for (const { name, endsMade, signOutsMade, endsTold } of ledger.stories.values()) {
    if (endsTold >= endsMade && endsTold <= endsMade + signOutsMade) continue;
    ledger.violate(
      'one-event-a-theft',
      `${name} was ended ${endsMade} times, and reported ${endsTold} times`,
    );
  }
}
