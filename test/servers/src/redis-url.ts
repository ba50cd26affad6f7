import { connectResp, type RespTarget } from './resp.js';

/**
 * Asks the server at a `redis:` or `rediss:` URL to answer PING, with the password of the URL if it
 * has one.
 * @throws Error that says what is wrong and holds no password.
 */
export async function pingUrl(text: string): Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text stays out of the message: it may hold a password.
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    throw new TypeError('it is not of the form redis://host:port');
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const connection = connectResp(targetOf(url));
  try {
    if (password !== '') await connection.command('AUTH', ...(user === '' ? [] : [user]), password);
    const answer = await connection.command('PING');
    if (answer !== 'PONG') throw new Error(`PING was answered with ${JSON.stringify(answer)}`);
  } finally {
    connection.close();
  }
}

function targetOf(url: URL): RespTarget {
  return {
    // URLs wrap IPv6 addresses in brackets, sockets want them bare.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    tls: url.protocol === 'rediss:',
  };
}
