import { tagOf } from '@sess/core/internal';

/** Returns the field of a session: the part of its sid behind the tag. */
export function fieldOf(sid: string): string {
  return sid.slice(tagOf(sid).length);
}

/** Returns the field of the session that is spared, or an empty text. The sid of another subject spares no session. */
export function sparedField(tag: string, except: string | undefined): string {
  return except?.startsWith(tag) ? fieldOf(except) : '';
}

/** The scripts return lists; a client whose replies are of other types must not be used. */
export function checkReply(reply: unknown): readonly (string | number)[] {
  if (!Array.isArray(reply) || reply.length < 2) {
    throw new Error('Redis: expected the reply of a script, got another value.');
  }
  return reply as readonly (string | number)[];
}
