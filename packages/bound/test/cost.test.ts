import { createSessions, memoryStore } from '@sess/core';
import type { BoundSessions } from '@sess/core/http';
import { encodeAuth, encodeData } from '@sess/core/internal';
import type { AuthPart, SessionRecord } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createWebSessions } from '../../web/src/index.js';
import { dbsc, dpop } from '../src/index.js';
import { createDeviceKey } from './engine.js';

const ORIGIN = 'https://api.example.com';
const NOW = Date.UTC(2026, 0, 1);

/** Signs in by a middleware, and returns the record that the store has then. */
async function signIn(transport: 'cookie' | 'bearer', bound?: BoundSessions) {
  const store = memoryStore();
  const clock = createFakeClock(NOW);
  const sessions = createSessions({ store, clock, logger: silentLogger });
  const web = createWebSessions(sessions, { transport, ...(bound && { bound }) });
  const send = (path: string, headers: Record<string, string> = {}) =>
    web.handle({ request: new Request(ORIGIN + path, { method: 'POST', headers }) }, async (own) =>
      Response.json((await own.start({ subject: 'ada' })) ?? null),
    );
  const response = await send('/login');
  const [session] = await sessions.list('ada');
  const { record } = await store.load(session?.sid ?? '');
  if (record === undefined) throw new Error('the session was not stored');
  return { record, response, send, store };
}

const bytesOf = ({ auth, data }: SessionRecord): readonly number[] => [
  encodeAuth(auth).text.length,
  encodeData(data).length,
];

describe('a session that no client binds', () => {
  it.each([
    ['cookie', dbsc()],
    ['bearer', dpop({ origin: ORIGIN })],
  ] as const)(
    'has the record of an application without the option (%s)',
    async (transport, bound) => {
      const plain = await signIn(transport);
      const optional = await signIn(transport, bound);
      expect(bytesOf(optional.record)).toEqual(bytesOf(plain.record));
      expect(Object.keys(optional.record.auth)).toEqual(Object.keys(plain.record.auth));
      const members = (auth: AuthPart): readonly unknown[] => JSON.parse(encodeAuth(auth).text);
      expect(members(optional.record.auth)).toHaveLength(10);
      expect(members(optional.record.auth).at(-1)).toBe(members(plain.record.auth).at(-1));
    },
  );

  it('has the tokens and headers of an application without dpop()', async () => {
    const plain = await signIn('bearer');
    const optional = await signIn('bearer', dpop({ origin: ORIGIN }));
    expect([...optional.response.headers.keys()]).toEqual([...plain.response.headers.keys()]);
    const [first, second] = [await plain.response.json(), await optional.response.json()];
    expect(Object.keys(second)).toEqual(Object.keys(first));
    expect(second.token_type).toBe('Bearer');
    expect(second.access_token).toHaveLength(first.access_token.length);
  });

  it('has one header more at the sign-in with dbsc(), and none after it', async () => {
    const names = ({ response }: { readonly response: Response }) => [...response.headers.keys()];
    const plain = await signIn('cookie');
    const optional = await signIn('cookie', dbsc());
    const more = names(optional).filter((name) => !names(plain).includes(name));
    expect(more).toEqual(['secure-session-registration']);
  });
});

describe('a session that is bound', () => {
  it('to a device has a record of 250 bytes more at most', async () => {
    const { record, response, send, store } = await signIn('cookie', dbsc());
    const challenge = /;challenge="([^"]+)"/.exec(
      response.headers.get('secure-session-registration') ?? '',
    );
    const device = createDeviceKey();
    await send('/session/bind', {
      Cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '',
      'Secure-Session-Response': device.prove(challenge?.[1] ?? '', { jwk: device.jwk }),
    });
    const { record: bound = record } = await store.load(record.sid);
    expect(bound.auth.binding?.kind).toBe('dbsc');
    const [before = 0, after = 0] = [bytesOf(record)[0], bytesOf(bound)[0]];
    expect(after - before).toBeGreaterThan(150);
    expect(after - before).toBeLessThanOrEqual(250);
  });

  it('to a key has a record of 52 bytes more', async () => {
    const { record } = await signIn('bearer');
    const jkt = 'x'.repeat(43);
    const auth: AuthPart = { ...record.auth, binding: { kind: 'dpop', jkt } };
    expect(encodeAuth(auth).text.length - encodeAuth(record.auth).text.length).toBe(52);
  });
});
