import { until } from '@sess/test-servers';
import { sendRequest, type WireAnswer } from '../kit.js';
import type { Trap } from './trap.js';

type Header = readonly [string, string];

/** What a signed-in client holds, as headers. */
export interface Holder {
  readonly token: string;
  readonly bearer: Header;
  /** The cookie, or the bearer token where there is none. */
  readonly carried: Header;
}

interface Visit {
  readonly method: string;
  readonly path: string;
  readonly headers?: readonly Header[];
  readonly body?: string | object;
}

/** Somebody who asks an example for things, and hands everything that is answered to the trap. */
export function createVisitor(base: string, trap: Trap) {
  const statuses = new Set<number>();

  async function send({ method, path, headers = [], body }: Visit): Promise<WireAnswer> {
    const answer = await sendRequest(base + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    statuses.add(answer.status);
    hearOf(answer);
    return answer;
  }

  /** The tokens of an answer become secrets, and everything else of it has to be without any. */
  function hearOf({ status, headers, setCookies, text }: WireAnswer): void {
    const body = /^\{/.test(text) ? (JSON.parse(text) as Record<string, unknown>) : {};
    const { access_token: token, ...members } = body;
    if (typeof token === 'string') trap.token(token);
    const cookies = setCookies.map((line) =>
      line.replace(/^(__Host-sess=)([^;]+)/, (_pair, name: string, value: string) => {
        trap.token(value);
        return name;
      }),
    );
    const { 'set-cookie': _cookies, ...others } = headers;
    const rest = token === undefined ? text : members;
    trap.wrote('answer', { status, headers: others, cookies, rest });
  }

  async function signIn(user: string, headers: readonly Header[] = []): Promise<Holder> {
    return holderOf(
      await send({ method: 'POST', path: '/login', headers, body: { user, device: 'laptop' } }),
    );
  }

  async function refresh({ carried }: Holder): Promise<Holder> {
    return holderOf(await send({ method: 'POST', path: '/session/refresh', headers: [carried] }));
  }

  return {
    send,
    signIn,
    /** Signs in as soon as the application serves anybody. */
    signInAtLast: (user: string): Promise<Holder> =>
      until(() => signIn(user), { what: 'the application to serve' }),
    refresh,
    statuses: (): readonly number[] => [...statuses].sort((left, right) => left - right),
    /** Sends all of it at once, whatever is answered. */
    async sendAll(visits: readonly Visit[]): Promise<void> {
      await Promise.all(visits.map(send));
    },
  };
}

export type Visitor = ReturnType<typeof createVisitor>;

function holderOf(answer: WireAnswer): Holder {
  if (answer.status !== 200) throw new Error(`not signed in: ${answer.status} ${answer.text}`);
  const { access_token: token } = JSON.parse(answer.text) as { access_token: string };
  const bearer = ['Authorization', `Bearer ${token}`] as const;
  const pair = answer.setCookies[0]?.split(';')[0];
  return { token, bearer, carried: pair === undefined ? bearer : ['Cookie', pair] };
}

/** Every route, as those call it who may. */
export function visitsOf({ bearer, carried }: Holder): readonly Visit[] {
  return [
    { method: 'GET', path: '/public', headers: [bearer] },
    { method: 'GET', path: '/me', headers: [bearer] },
    { method: 'PATCH', path: '/me', headers: [bearer], body: { note: 'kept' } },
    { method: 'POST', path: '/transfer', headers: [bearer] },
    { method: 'GET', path: '/devices', headers: [bearer] },
    { method: 'GET', path: '/session', headers: [bearer] },
    { method: 'GET', path: '/session/list', headers: [bearer] },
    { method: 'DELETE', path: `/session/${'A'.repeat(32)}`, headers: [bearer] },
    { method: 'POST', path: '/session/logout-others', headers: [bearer] },
    { method: 'POST', path: '/session/refresh', headers: [carried] },
  ];
}

/** The same token where it must not be, twice, changed, or beside what is refused. */
export function mistakesOf({ token, bearer, carried }: Holder): readonly Visit[] {
  const [name, value] = carried;
  const changed = `${token.slice(0, -4)}AAAA`;
  return [
    { method: 'GET', path: `/me?access_token=${token}` },
    { method: 'GET', path: `/me?access_token=${token}`, headers: [bearer] },
    { method: 'GET', path: `/${token}` },
    { method: 'GET', path: '/me', headers: [bearer, bearer] },
    { method: 'GET', path: '/me', headers: [['Authorization', `Bearer ${token} ${token}`]] },
    { method: 'GET', path: '/me', headers: [['Authorization', `Bearer "${token}"`]] },
    { method: 'GET', path: '/me', headers: [['Authorization', `Bearer ${changed}`]] },
    { method: 'GET', path: '/me', headers: [['Authorization', `Bearer ${token}x`]] },
    { method: 'DELETE', path: `/session/${token}`, headers: [bearer] },
    { method: 'POST', path: '/login', body: { user: '', token } },
    { method: 'POST', path: '/login', body: `{"token":"${token}"` },
    { method: 'PATCH', path: '/me', headers: [bearer], body: `["${token}"]` },
    { method: 'POST', path: '/session/refresh', headers: [[name, `${value}; ${value}`]] },
    { method: 'POST', path: '/session/refresh', headers: [[name, `${value.slice(0, -4)}AAAA`]] },
    { method: 'POST', path: '/session/refresh', headers: [carried, ['Sec-Fetch-Site', 'none!']] },
    { method: 'POST', path: '/session/logout', headers: [carried, ['Origin', 'https://x.test']] },
    { method: 'GET', path: '/session/refresh', headers: [carried] },
    { method: 'PUT', path: '/session', headers: [bearer, ['Cookie', `other=${token}`]] },
  ];
}
