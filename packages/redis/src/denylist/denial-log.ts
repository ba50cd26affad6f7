import type { DeniableToken, Denial, SubjectWatermark } from '@sess/core/store';
import type { DenylistCalls } from './calls.js';
import { tagOf } from './state.js';

/** Something that this process denied, to be denied again if a failover lets it back in. Times are its own. */
export type Denied = { readonly at: number; readonly life: number } & (
  | { readonly kind: 'some'; readonly tag: string; readonly denials: readonly Denial[] }
  | {
      readonly kind: 'all';
      readonly tag: string;
      readonly operation: string;
      readonly head: SubjectWatermark;
    }
  | { readonly kind: 'spent'; readonly token: DeniableToken; readonly successor: string }
);

/** Says one again; answers how much of it had been forgotten, as far as that can be told. */
export async function denyAgain(calls: DenylistCalls, denied: Denied): Promise<number> {
  const { life, at } = denied;
  if (denied.kind === 'some') return calls.deny(denied.tag, denied.denials, life);
  if (denied.kind === 'all') {
    const { tag, head, operation } = denied;
    return calls.denyAllAgain(tag, head, { operation, life });
  }
  const { token, successor } = denied;
  await calls.succeed(token, { at, successor, life });
  return 0;
}

/** Leaves out what a later denial of everything has made needless, and the server has forgotten for it. */
export function withoutNeedless(entries: readonly Denied[]): readonly Denied[] {
  const denied = new Set<string>();
  return entries
    .toReversed()
    .filter((entry) => {
      const tag = entry.kind === 'spent' ? tagOf(entry.token.sid) : entry.tag;
      if (denied.has(tag)) return false;
      if (entry.kind === 'all' && entry.head.except === undefined) denied.add(tag);
      return true;
    })
    .reverse();
}
