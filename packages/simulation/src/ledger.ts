import type { AuthPart, SessionRecord } from '@sess/core/store';
import type { Invariant, Violation } from './invariants.js';
import type { Timeline } from './timeline.js';
import { tagOf } from './tokens.js';
import type { Visit } from './visits.js';

/** All that is known of one session: more than the store keeps, and nothing of what an engine thinks. */
export interface Story {
  readonly sid: string;
  /** Its name in the printed history. */
  readonly name: string;
  /** As the store has it now. */
  record: SessionRecord | undefined;
  /** When it was ended, and by which of the store's writes. */
  ended: { readonly turn: number; readonly write: number } | undefined;
  /** When its family of tokens last changed. */
  familyTurn: number;
  /** The auth part that the last re-authentication replaced, and until when its newest token counts. */
  previous: { readonly auth: AuthPart; readonly until: number } | undefined;
  /** Families of which a token was sent to a process. */
  readonly sentFamilies: Set<string>;
  elevations: number;
  /** A thief has a copy of one of its tokens. */
  isStolen: boolean;
  /** How often the thief got new tokens. */
  abuses: number;
  /** A failover took some of its writes back. */
  isSetBack: boolean;
  /** An exchange took longer than the limit of the guarantees, or was pending while the store failed over. */
  isSlow: boolean;
  /** What has reached its record lately. */
  readonly visits: Set<Visit>;
  /** Ends by a spent token, or by one that the store has forgotten, as known to a live process. */
  endsMade: number;
  /** Removals by a sign-out, as known to a live process. One by a token that a refresh would refuse is reported as an end. */
  signOutsMade: number;
  /** The ends that were reported as events. */
  endsTold: number;
  /** What stood for each generation: the record's digest, and the token that was handed out. */
  readonly successors: Map<string, string>;
}

/** A revoke-all that the store has executed. */
export interface Fence {
  readonly id: string;
  readonly tag: string;
  readonly at: number;
  readonly except: string | undefined;
  readonly write: number;
}

/** An access token that was handed out. */
export interface AccessNote {
  readonly sid: string;
  readonly generation: number;
  readonly family: string;
  readonly expiresAt: number;
}

/** What the simulation knows of everything: what checks look at. */
export interface Ledger {
  readonly timeline: Timeline;
  readonly stories: ReadonlyMap<string, Story>;
  readonly access: Map<string, AccessNote>;
  fences: Fence[];
  /** Counts steps, so that before and after are distinct within one millisecond. */
  turn: number;
  readonly violation: Violation | undefined;
  /** The printed history, if it was requested. */
  readonly lines: string[] | undefined;
  storyOf(sid: string): Story;
  storiesOf(tag: string): readonly Story[];
  /** Records that an invariant does not hold; the first one counts. */
  violate(invariant: Invariant, text: string): void;
  tell(text: () => string): void;
}

export function createLedger(timeline: Timeline, isTold: boolean): Ledger {
  const stories = new Map<string, Story>();
  const start = timeline.now();
  const lines: string[] | undefined = isTold ? [] : undefined;
  let violation: Violation | undefined;

  function tell(text: () => string): void {
    if (lines === undefined) return;
    const time = ((timeline.now() - start) / 1_000).toFixed(3).padStart(10);
    lines.push(`${time}  ${text()}`);
  }

  return {
    timeline,
    stories,
    access: new Map(),
    fences: [],
    turn: 0,
    get violation() {
      return violation;
    },
    lines,
    storyOf(sid) {
      let story = stories.get(sid);
      if (story === undefined) {
        story = {
          sid,
          name: `s${stories.size + 1}`,
          record: undefined,
          ended: undefined,
          familyTurn: 0,
          previous: undefined,
          sentFamilies: new Set(),
          elevations: 0,
          isStolen: false,
          abuses: 0,
          isSetBack: false,
          isSlow: false,
          visits: new Set(),
          endsMade: 0,
          signOutsMade: 0,
          endsTold: 0,
          successors: new Map(),
        };
        stories.set(sid, story);
      }
      return story;
    },
    storiesOf: (tag) => [...stories.values()].filter(({ sid }) => tagOf(sid) === tag),
    violate(invariant, text) {
      if (violation !== undefined) return;
      violation = { invariant, text };
      tell(() => `*** ${invariant}: ${text}`);
    },
    tell,
  };
}
