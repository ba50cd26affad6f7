import { type SessionRecord, TOMBSTONE_TTL_MS } from '@sess/core/store';
import type { Ledger, Story } from '../ledger.js';
import { POLICY } from '../plan.js';
import type { StoreCall } from '../store-call.js';
import { tagOf } from '../tokens.js';

/** What a write has made of a session. */
export interface Change {
  readonly story: Story;
  readonly before: SessionRecord | undefined;
  readonly after: SessionRecord | undefined;
  readonly operation: StoreCall['operation'];
  /** The place of the write among all. */
  readonly write: number;
}

/** Holds what the store did to a session against the invariants. */
export function checkChange(ledger: Ledger, change: Change): void {
  const { story, before, after } = change;
  if (after === undefined) {
    story.ended ??= { turn: ledger.turn, write: change.write };
    ledger.tell(() => `  ${story.name} is gone from the store`);
  } else if (before === undefined) {
    checkBirth(ledger, story, after);
  } else {
    checkParts(ledger, change, before, after);
    checkRotation(ledger, story, before, after);
    checkLife(ledger, story, before, after);
  }
}

function checkBirth(ledger: Ledger, story: Story, record: SessionRecord): void {
  const tag = tagOf(story.sid);
  const at = ledger.timeline.now();
  const fence = ledger.fences.find(
    (one) =>
      one.tag === tag &&
      one.except !== story.sid &&
      record.createdAt <= one.at &&
      at < one.at + TOMBSTONE_TTL_MS,
  );
  // Checked first: a session that a revoke-all missed may be one that it had ended already.
  if (story.ended !== undefined) {
    ledger.violate('ended-stays-ended', `${story.name} was ended, and is in the store again`);
  } else if (fence !== undefined) {
    ledger.violate(
      'revoke-all-misses-none',
      `${story.name} was created up to a revoke-all, and came into the store after it`,
    );
  }
  noteSuccessor(ledger, story, record);
}

function checkParts(
  ledger: Ledger,
  { story, operation }: Change,
  before: SessionRecord,
  after: SessionRecord,
): void {
  const touched =
    (operation === 'replaceData' && !isSame(before.auth, after.auth)) ||
    (operation === 'replaceAuth' && !isSame(before.data, after.data));
  if (touched) {
    ledger.violate('parts-are-apart', `${operation} touched the other part of ${story.name}`);
  }
}

/** A store may return copies. */
function isSame(left: object, right: object): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function checkRotation(
  ledger: Ledger,
  story: Story,
  { auth: before }: SessionRecord,
  { auth: after }: SessionRecord,
): void {
  if (after.family !== before.family) {
    story.familyTurn = ledger.turn;
    const until = Math.min(ledger.timeline.now() + POLICY.overlap, before.expiresAt);
    story.previous = { auth: before, until };
    story.elevations += 1;
  } else {
    if (after.absoluteExpiresAt !== before.absoluteExpiresAt) {
      ledger.violate('deadline-stands', `the absolute deadline of ${story.name} moved`);
    }
    for (const step of after.steps) {
      const old = before.steps.find(({ salt }) => salt === step.salt);
      if (old === undefined || old.spentAt === step.spentAt) continue;
      const isLast = old === before.steps.at(-1);
      // After a failover versions come up again: a late copy of a write may meet one that it was not meant for.
      if (story.isSetBack || (isLast && !before.acknowledged)) continue;
      ledger.violate(
        'settled-grace-stands',
        `the grace of a step of ${story.name}, generation ${before.generation}, was moved after it was settled`,
      );
    }
  }
  noteSuccessor(ledger, story, { auth: after });
}

function checkLife(
  ledger: Ledger,
  story: Story,
  before: SessionRecord,
  after: SessionRecord,
): void {
  const { life } = before.data;
  const isKept = JSON.stringify(after.data.life) === JSON.stringify(life);
  const isHeld = life === undefined || after.auth.expiresAt - after.auth.lastUsedAt <= life.idleTtl;
  if (isKept && isHeld) return;
  ledger.violate('lifetimes-stand', `${story.name} no longer has the lifetimes of its sign-in`);
}

/** The record's own word for which secret stands for a generation. */
function noteSuccessor(ledger: Ledger, story: Story, { auth }: Pick<SessionRecord, 'auth'>): void {
  if (story.isSetBack) return;
  const generation = `${auth.family}.${auth.generation}`;
  const known = story.successors.get(generation);
  if (known === undefined) story.successors.set(generation, auth.refresh);
  else if (known !== auth.refresh) {
    ledger.violate('one-successor', `generation ${auth.generation} of ${story.name} has two`);
  }
}

/** Checks that a sign-in above the limit evicts a session. */
export function checkLimit(ledger: Ledger, tag: string): void {
  const at = ledger.timeline.now();
  const live = ledger
    .storiesOf(tag)
    .filter(({ record }) => record !== undefined && at < record.auth.expiresAt);
  if (live.length <= POLICY.maxPerSubject) return;
  ledger.violate('limit-holds', `a subject has ${live.length} live sessions`);
}

/** Nothing of a subject is left behind by a revoke-all that has just been executed. */
export function checkRevokeAll(ledger: Ledger, tag: string): void {
  const except = ledger.fences.at(-1)?.except;
  const at = ledger.timeline.now();
  for (const { sid, name, record } of ledger.storiesOf(tag)) {
    if (record === undefined || sid === except || at >= record.auth.expiresAt) continue;
    ledger.violate('revoke-all-misses-none', `${name} lives after a revoke-all`);
  }
}
