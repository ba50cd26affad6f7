import type { Database } from './database.js';
import { hashPassword, isPassword } from './passwords.js';

export const ROLES = ['member', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Account {
  /** The subject of the account's sessions: an address may change, an id does not. */
  readonly id: string;
  readonly email: string;
  readonly role: Role;
}

export interface Accounts {
  /** @param id may come from a form */
  find(id: string): Promise<Account | undefined>;
  findByEmail(email: string): Promise<Account | undefined>;
  /** Returns the account if the password is right. */
  check(email: string, password: string): Promise<Account | undefined>;
  /** Returns `undefined` if the address has an account. */
  create(email: string, password: string): Promise<Account | undefined>;
  setPassword(id: string, password: string): Promise<void>;
  setRole(id: string, role: Role): Promise<void>;
  remove(id: string): Promise<void>;
  newest(): Promise<readonly Account[]>;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @param admin the address whose account gets the role `admin` when it is created */
export function createAccounts(db: Database, admin: string): Accounts {
  async function run<Row = Account>(text: string, ...values: unknown[]): Promise<Row[]> {
    return (await db.query(text, values)).rows as Row[];
  }

  return {
    async find(id) {
      if (!UUID.test(id)) return undefined;
      const [account] = await run('select id, email, role from account where id = $1', id);
      return account;
    },
    async findByEmail(email) {
      const [account] = await run('select id, email, role from account where email = $1', email);
      return account;
    },
    async check(email, password) {
      const [found] = await run<Account & { readonly password: string }>(
        'select id, email, role, password from account where email = $1',
        email,
      );
      if (!(await isPassword(password, found?.password)) || found === undefined) return undefined;
      const { id, role } = found;
      return { id, email, role };
    },
    async create(email, password) {
      const [account] = await run(
        `insert into account (email, password, role) values ($1, $2, $3)
         on conflict (email) do nothing returning id, email, role`,
        email,
        await hashPassword(password),
        email === admin ? 'admin' : 'member',
      );
      return account;
    },
    async setPassword(id, password) {
      await run('update account set password = $2 where id = $1', id, await hashPassword(password));
    },
    async setRole(id, role) {
      await run('update account set role = $2 where id = $1', id, role);
    },
    async remove(id) {
      await run(
        `with gone as (delete from account where id = $1 returning email)
         delete from mail_link using gone where mail_link.email = gone.email`,
        id,
      );
    },
    newest: () => run('select id, email, role from account order by created_at desc limit 100'),
  };
}
