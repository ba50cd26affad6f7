import type { SessionRecord, SubjectLimit } from '@sess/core/store';
import { createAuth, createRecord, createWrite } from '../../../../test/kit.js';
import type { SqlStore } from '../../src/store/sql-store.js';

export type Work = () => Promise<unknown>;

/** The operations of one subject, each ready to be repeated. */
export interface Operations {
  readonly tag: string;
  insert(limit?: SubjectLimit): Promise<SessionRecord>;
  readonly works: Readonly<Record<string, Work>>;
  logoutAll(): Promise<unknown>;
  logoutOthers(): Promise<unknown>;
}

/** Creates the operations of a subject that may have `max` sessions. */
export function createOperations(store: SqlStore, subject: string, max: number): Operations {
  const limit: SubjectLimit = { max, onLimit: 'evict-oldest' };
  const write = () => createWrite(Date.now() + 10_000);
  const fresh = (): SessionRecord => createRecord({ now: Date.now(), subject });
  const tag = fresh().sid.slice(0, 16);
  let kept: SessionRecord | undefined;

  async function insert(given = limit): Promise<SessionRecord> {
    const record = fresh();
    const { status } = await store.insert(record, given, write());
    if (status !== 'inserted') throw new Error(`a sign-in was not stored: ${status}`);
    return record;
  }

  /** A session that is there: the last one, unless it was ended. */
  async function latest(): Promise<SessionRecord> {
    const found = kept === undefined ? undefined : (await store.load(kept.sid)).record;
    kept = found ?? (await insert());
    return kept;
  }

  const works: Readonly<Record<string, Work>> = {
    'sign-in': () => insert(),
    'sign-in and sign-out': async () => store.remove((await insert()).sid, write()),
    'sign-in that replaces a session': async () => {
      const old = await insert();
      await store.insert(fresh(), limit, { ...write(), replaces: old.sid });
    },
    load: () => latest(),
    verify: async () => store.loadRecord?.(kept?.sid ?? ''),
    refresh: async () => {
      const { sid, authVersion } = await latest();
      await store.replaceAuth(sid, authVersion, createAuth(Date.now()), write());
    },
    update: async () => {
      const { sid, dataVersion, data } = await latest();
      await store.replaceData(sid, dataVersion, data, write());
    },
    'sign-out of an absent session': () => store.remove(fresh().sid, write()),
  };
  return {
    tag,
    insert,
    works,
    logoutAll: () => store.removeAll(tag, undefined, write()),
    logoutOthers: async () => store.removeAll(tag, (await latest()).sid, write()),
  };
}
