import type { Sessions } from '@sess/core';
import type { Accounts } from './accounts.js';
import type { Limits } from './limits.js';
import type { MailLinks } from './mail-links.js';
import type { Mails } from './mails.js';

/** What the routes work with. */
export interface Services {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly links: MailLinks;
  readonly mails: Mails;
  readonly limits: Limits;
}
