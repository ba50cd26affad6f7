import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const hash = promisify<string, Buffer, number, Buffer>(scrypt);

interface User {
  readonly id: string;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

async function createUser(id: string, password: string): Promise<User> {
  const salt = randomBytes(16);
  return { id, salt, hash: await hash(password, salt, 32) };
}

// Stands for a table of users.
const users = new Map([['ada@example.com', await createUser('ada', 'correct horse')]]);
const absent = await createUser('', randomBytes(16).toString('hex'));

/** Returns the id of a user, or `undefined`. An unknown address takes as long as a wrong password. */
export async function checkPassword(
  email: unknown,
  password: unknown,
): Promise<string | undefined> {
  const user = users.get(String(email)) ?? absent;
  const isRight = timingSafeEqual(await hash(String(password), user.salt, 32), user.hash);
  return isRight && user !== absent ? user.id : undefined;
}
