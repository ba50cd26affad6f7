import { describe, expect, it } from 'vitest';
import { arrange } from './applications.js';
import { ask, createJar } from './jar.js';

/** Signs a user in at the old application. */
async function signedIn(given: Parameters<typeof arrange>[0] = {}) {
  const arranged = await arrange(given);
  const jar = createJar();
  await ask(jar, `${arranged.oldUrl}/login/ada`);
  const me = (how: Parameters<typeof ask>[2] = {}) => ask(jar, `${arranged.newUrl}/me`, how);
  const old = () => ask(jar, `${arranged.oldUrl}/me`);
  const oldCookie = jar.header();
  return { ...arranged, jar, me, old, oldJar: () => createJar(new Map(jar.cookies)), oldCookie };
}

describe('a live session of express-session', () => {
  it('becomes a session with its data at the first request', async () => {
    const { me, sessions, events } = await signedIn();
    const { status, body } = await me();
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: 'ada', data: { cart: ['tea'] } });
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(events.map(([name]) => name)).toEqual(['created']);
  });

  it('becomes one session for twenty parallel requests, with one cookie', async () => {
    const { jar, me, sessions, events } = await signedIn();
    const answers = await Promise.all(Array.from({ length: 20 }, () => me()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => (body as { sid: string }).sid)).size).toBe(1);
    expect(new Set(answers.flatMap(({ setCookies }) => setCookies)).size).toBe(1);
    expect(await sessions.list('ada')).toHaveLength(1);
    expect(events).toHaveLength(1);
    expect(jar.cookies.has('sess')).toBe(true);
  });

  it('is the same after a lost response', async () => {
    const { me, sessions } = await signedIn();
    const first = await me({ isLost: true });
    const second = await me();
    expect(second.body).toEqual(first.body);
    expect(second.setCookies.find((line) => line.startsWith('sess='))).toBe(
      first.setCookies.find((line) => line.startsWith('sess=')),
    );
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('ends in the old system when the new cookie has been presented', async () => {
    const { jar, me, old, oldStore } = await signedIn();
    await me();
    expect((await old()).body).toEqual({ user: 'ada' });
    const { setCookies, body } = await me();
    expect(body).toMatchObject({ user: 'ada' });
    expect(setCookies).toContainEqual(expect.stringMatching(/^connect\.sid=; Path=\/.*Max-Age=0/));
    expect(jar.cookies.has('connect.sid')).toBe(false);
    expect(Object.keys(oldStore.sessions ?? {})).toEqual([]);
    expect((await me()).setCookies).toEqual([]);
  });
});
