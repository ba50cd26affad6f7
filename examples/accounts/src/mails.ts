export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What delivers mails. Tests have one that keeps them. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}

/** The mails that the application sends. Each request of an address gets one, so that no page shows who has an account. */
export interface Mails {
  confirm(to: string, token: string): Promise<void>;
  accountExists(to: string): Promise<void>;
  reset(to: string, token: string): Promise<void>;
  noAccount(to: string): Promise<void>;
  passwordChanged(to: string): Promise<void>;
}

/** @param origin that of the application, for links */
export function createMails(mailer: Mailer, origin: string): Mails {
  const link = (path: string, token: string) =>
    `${origin}${path}?${new URLSearchParams({ token })}`;
  return {
    confirm: (to, token) =>
      mailer.send({
        to,
        subject: 'Confirm your address',
        text: `Choose your password within an hour:\n${link('/confirm', token)}`,
      }),
    accountExists: (to) =>
      mailer.send({
        to,
        subject: 'You have an account',
        text: `This address has an account already. Sign in, or choose a new password:\n${origin}/forgot`,
      }),
    reset: (to, token) =>
      mailer.send({
        to,
        subject: 'Choose a new password',
        text: `Within an hour, at:\n${link('/reset', token)}\nIf you have not asked for it, do nothing.`,
      }),
    noAccount: (to) =>
      mailer.send({
        to,
        subject: 'There is no account',
        text: `A new password was requested, but this address has no account. Sign up:\n${origin}/sign-up`,
      }),
    passwordChanged: (to) =>
      mailer.send({
        to,
        subject: 'Your password was changed',
        text: `All other devices were signed out. If it was not you, choose a new password:\n${origin}/forgot`,
      }),
  };
}
