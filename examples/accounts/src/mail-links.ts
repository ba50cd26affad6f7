import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database.js';

/** What a link in a mail is for: it confirms the address of a new account, or allows a new password. */
export type Purpose = 'confirm' | 'reset';

export interface MailLinks {
  /** Returns the token of a new link, which works once and for an hour. */
  issue(purpose: Purpose, email: string): Promise<string>;
  /** Takes a link: returns its address once, and `undefined` if it is unknown, old or used. */
  take(purpose: Purpose, token: string): Promise<string | undefined>;
  /** Ends all links of an address. */
  discard(email: string): Promise<void>;
}

/** The table has hashes: a copy of it opens no account. */
function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

export function createMailLinks(db: Database): MailLinks {
  return {
    async issue(purpose, email) {
      const token = randomBytes(32).toString('base64url');
      await db.query(
        `with old as (delete from mail_link where expires_at < now())
         insert into mail_link (hash, purpose, email, expires_at)
         values ($1, $2, $3, now() + interval '1 hour')`,
        [hash(token), purpose, email],
      );
      return token;
    },
    async take(purpose, token) {
      const { rows } = await db.query(
        `delete from mail_link where hash = $1 and purpose = $2 and expires_at > now()
         returning email`,
        [hash(token), purpose],
      );
      return (rows as readonly { readonly email: string }[])[0]?.email;
    },
    async discard(email) {
      await db.query('delete from mail_link where email = $1', [email]);
    },
  };
}
