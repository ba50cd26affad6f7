import type { History, Operation } from '../history.js';

/** What happened to one session, in the order in which the calls ended. */
export interface SessionStory {
  readonly name: string;
  readonly birth: Operation;
  /** All calls that name the session, its birth among them. */
  readonly calls: readonly Operation[];
  /** The calls that were to end it, whatever came of them. */
  readonly enders: readonly Operation[];
}

/** Sorts a history by sessions. Sessions whose birth nobody was told of have no tokens, and no story. */
export function tellStories(history: History): readonly SessionStory[] {
  const operations = [...history.operations].sort((left, right) => left.to - right.to);
  const calls = groupBy(operations, ({ session }) => session);
  const subjectEnders = groupBy(operations, ({ kind, subject }) =>
    kind === 'revokeAll' ? subject : undefined,
  );
  const stories: SessionStory[] = [];
  for (const [name, own] of calls) {
    const birth = own.find(({ kind, outcome }) => kind === 'create' && outcome === 'ok');
    if (birth === undefined) continue;
    const wide = (subjectEnders.get(birth.subject) ?? []).filter(
      // One that was confirmed before the session was asked for is no matter of it.
      ({ spared, to, outcome }) => spared !== name && (to >= birth.from || outcome === 'unknown'),
    );
    const narrow = own.filter(({ kind }) => kind === 'revoke' || kind === 'logout');
    const enders = [...narrow, ...wide].sort((left, right) => left.to - right.to);
    stories.push({ name, birth, calls: own, enders });
  }
  return stories;
}

/** Whether a call is the confirmed end of the session, so that nothing of it may be accepted afterwards. */
export function isConfirmedEnd(ender: Operation, birth: Operation): boolean {
  // `revoke` says no when there was nothing left to end. `end` says no also to a token that it does not know.
  if (ender.kind === 'revoke') return ender.outcome !== 'unknown';
  if (ender.kind === 'logout') return ender.outcome === 'ok';
  // Of a session that is born meanwhile it is open which came first.
  return ender.outcome === 'ok' && birth.to < ender.from;
}

/** Whether a call has shown that the session lives: its token was taken, or its data changed. */
export function isAccepted({ kind, outcome }: Operation): boolean {
  return outcome === 'ok' && (kind === 'verify' || kind === 'refresh' || kind === 'update');
}

export function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string | undefined,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
