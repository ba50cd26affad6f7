import type { SessionRecord } from '../store/record.js';
import type { StorePort } from '../store/store-port.js';
import { encodeBase64Url } from '../token/crypto.js';
import type { EngineContext } from './context.js';
import { toGuestPolicy } from './guests.js';
import { createTokenFamily } from './issue-tokens.js';

/** What a mark holds. */
export interface Mark {
  /** The session that took the place of the old one. Empty: none may. */
  readonly sid: string;
  /** When its first token was last given out; for the mark of a subject, when all its sessions were ended. */
  readonly at: number;
}

/** Returns what a record holds that is a mark. */
export const markOf = ({ data }: SessionRecord): Mark => data.data as Mark;

/** The marks that an engine keeps. A name is 32 bytes, base64url. */
export interface AdoptionMarks {
  sidOf(name: string): string;
  load(name: string): Promise<SessionRecord | undefined>;
  /** Inserts a mark unless there is one. Returns the one that is there; `isOwn`: it is this one. */
  insert(
    name: string,
    given: { readonly mark: Mark; readonly expiresAt: number },
  ): Promise<{ readonly marked: SessionRecord | undefined; readonly isOwn: boolean }>;
  /** Replaces what a mark holds, unless it was changed since it was loaded. */
  replace(record: SessionRecord, mark: Mark): ReturnType<StorePort['replaceData']>;
}

/**
 * Creates the operations on marks: what the store remembers of each session of another system that was taken over or
 * ended. A mark is a guest that no token belongs to: it outlives the new session, so that the old credential never
 * revives it.
 */
export function createAdoptionMarks({
  settings,
  store,
  time,
  tagOfSubject,
}: EngineContext): AdoptionMarks {
  const { random, limit } = settings;
  const policy = toGuestPolicy(settings);
  const sidOf = (name: string) => tagOfSubject(`guest:${name}`) + name.slice(0, 16);
  const load = async (name: string) => (await store.load(sidOf(name))).record;

  return {
    sidOf,
    load,

    async insert(name, { mark, expiresAt }) {
      const at = time.now();
      const { auth } = createTokenFamily({ at, policy, random });
      const stamp = encodeBase64Url(random(12));
      await store.insert(
        {
          sid: sidOf(name),
          createdAt: at,
          authVersion: 1,
          dataVersion: 1,
          auth: { ...auth, access: [], accessCount: -1, expiresAt, absoluteExpiresAt: expiresAt },
          data: { subject: `guest:${name}`, device: {}, data: mark, guest: true, stamp },
        },
        limit,
      );
      const marked = await load(name);
      return { marked, isOwn: marked?.data.stamp === stamp };
    },

    replace(record, mark) {
      const stamp = encodeBase64Url(random(12));
      return store.replaceData(record, { ...record.data, data: mark, stamp });
    },
  };
}
