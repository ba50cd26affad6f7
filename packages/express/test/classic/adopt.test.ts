import { type AdoptOptions, adopt, expressSession } from '@sess/adopt';
import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createClassicOn, createJar, load, openApp, openEngine } from './help.js';

interface Original {
  (options: object): import('express').RequestHandler;
  readonly MemoryStore: new () => Parameters<typeof expressSession>[0]['store'];
}
const original = load('express-session') as Original;

/** What the old application kept, in the form that the new one reads. */
interface Old {
  readonly cookie?: unknown;
  readonly user?: string;
  readonly cart?: readonly string[];
}

const mount = (app: import('express').Express): void => {
  app.get('/login', (req, res) => {
    req.session.user = 'ada';
    req.session.cart = ['tea'];
    res.end();
  });
  app.get('/push', (req, res) => {
    req.session.cart = [...(req.session.cart ?? []), 'milk'];
    res.end();
  });
  app.get('/logout', (req, res) => void req.session.destroy(() => void res.end()));
  app.get('/', (req, res) => void res.json([req.session.user ?? null, req.session.cart ?? null]));
};

const SECRET = 'the secret of express-session';
type Given = Partial<Omit<AdoptOptions<Old>, 'from'>> & {
  readonly sourceSecret?: string;
  readonly maxAge?: number | null;
};

/** An old application in which a user is signed in and a visitor has a cart, and the new one. */
async function openBoth(oldMaxAge: number | null = null) {
  const store = new original.MemoryStore();
  const cookie = { maxAge: oldMaxAge };
  const settings = { store, secret: SECRET, resave: false, saveUninitialized: false, cookie };
  const before = await openApp(original(settings), mount);
  const visitor = createJar(before.url);
  await before.get('/login');
  await visitor.get('/push');
  const logger = createMemoryLogger();
  const { sessions } = openEngine({ logger });
  /** The new application, once more: as after a corrected setting. */
  const open = ({ sourceSecret = SECRET, maxAge = null, ...given }: Given = {}) => {
    const taken = adopt<Old>(sessions, {
      from: expressSession<Old>({ store, secret: sourceSecret }),
      secret: 'key material of thirty-two bytes or more',
      subject: ({ user }) => user,
      ...given,
    });
    return openApp(createClassicOn(sessions, { adopt: taken, cookie: { maxAge } }), mount);
  };
  return { before, visitor, sessions, logger, open };
}

describe('a session of express-session that session() takes over', () => {
  it('goes on with its data, once for parallel requests, and ends by a sign-out', async () => {
    const { before, sessions, open } = await openBoth();
    const after = await open();
    const jar = createJar(after.url, before.cookies);
    const answers = await Promise.all(Array.from({ length: 10 }, () => jar.copy().get('/')));
    expect(new Set(answers)).toEqual(new Set(['["ada",["tea"]]']));
    await jar.get('/push');
    expect(await jar.get('/')).toBe('["ada",["tea","milk"]]');
    expect(await sessions.list('ada')).toHaveLength(1);
    await jar.get('/logout');
    expect(await jar.get('/')).toBe('[null,null]');
    expect(await before.get('/')).toBe('[null,null]');
  });

  it('lives without use for the maxAge of session(), and no longer than the old one would have', async () => {
    const DAY = 86_400_000;
    for (const [oldMaxAge, maxAge, days] of [
      [30 * DAY, 14 * DAY, 14],
      [10 * DAY, 14 * DAY, 10],
    ] as const) {
      const { before, sessions, open } = await openBoth(oldMaxAge);
      const after = await open({ maxAge });
      await createJar(after.url, before.cookies).get('/');
      const [session] = await sessions.list('ada');
      const left = ((session?.expiresAt ?? 0) - (session?.createdAt ?? 0)) / DAY;
      expect(left).toBeGreaterThan(days - 0.01);
      expect(left).toBeLessThanOrEqual(days);
    }
  });

  it('is that of a visitor, too, with all that it has', async () => {
    const { visitor, open } = await openBoth();
    const after = await open();
    expect(await createJar(after.url, visitor.cookies).get('/')).toBe('[null,["milk"]]');
  });

  it.each([
    ['none', () => ({})],
    ['those of another user', () => ({ user: 'grace' })],
  ])(
    'is not ended by data in which there is no user, such as %s: a corrected program takes it over',
    async (_name, data) => {
      const { before, sessions, logger, open } = await openBoth();
      const wrong = await open({ data });
      const jar = createJar(wrong.url, before.cookies);
      expect(await jar.get('/')).toBe('[null,null]');
      expect(await jar.get('/')).toBe('[null,null]');
      expect(logger.lines).toContainEqual(
        expect.objectContaining({
          level: 'error',
          message: 'an old session was not taken over: it does not fit this program',
          fields: expect.objectContaining({
            error: expect.objectContaining({ message: expect.stringContaining('Leave data out') }),
          }),
        }),
      );
      expect(await sessions.list('ada')).toEqual([]);
      const right = await open();
      expect(await createJar(right.url, jar.cookies).get('/')).toBe('["ada",["tea"]]');
    },
  );

  it('is not taken over for a number as the subject, and the log names the repair', async () => {
    const { before, logger, open } = await openBoth();
    const after = await open({ subject: () => 7 as never });
    expect(await createJar(after.url, before.cookies).get('/')).toBe('[null,null]');
    const message = expect.stringContaining('got "a number". Write String(…).');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ fields: { error: expect.objectContaining({ message }) } }),
    );
  });

  it('is logged once if its cookie has another signature, as with a wrong secret', async () => {
    const { before, logger, open } = await openBoth();
    const after = await open({ sourceSecret: 'another secret' });
    const jar = createJar(after.url, before.cookies);
    await createJar(after.url).get('/');
    expect(logger.lines).toEqual([]);
    for (let n = 0; n < 3; n += 1) expect(await jar.get('/')).toBe('[null,null]');
    expect(logger.lines).toEqual([
      expect.objectContaining({ level: 'warn', fields: { cookie: 'connect.sid' } }),
    ]);
  });
});
