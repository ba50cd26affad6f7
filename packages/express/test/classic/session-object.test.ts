import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { createGate, FACES, open, openApp } from './help.js';

/** Sends what the session has, without its cookie. */
const show: RequestHandler = (req, res) => {
  const { cookie: _cookie, ...data } = req.session;
  res.json(data);
};

/** Runs `change` for `/set`, and shows the session for all other paths. */
function changing(change: (session: Express.Request['session']) => void): RequestHandler {
  return (req, res, next) => {
    if (req.path === '/set') change(req.session);
    show(req, res, next);
  };
}

/** Values that are written, and what the next request reads. */
const VALUES: readonly (readonly [string, unknown, unknown])[] = [
  ['a text', 'tea', 'tea'],
  ['an empty text', '', ''],
  ['a text with characters beyond ASCII', 'Grüße, 世界 🎉', 'Grüße, 世界 🎉'],
  ['a number', 1.5, 1.5],
  ['zero', 0, 0],
  ['true', true, true],
  ['false', false, false],
  ['null', null, null],
  ['an empty object', {}, {}],
  ['an empty array', [], []],
  ['an array of objects', [{ id: 1 }, { id: 2 }], [{ id: 1 }, { id: 2 }]],
  ['a nested object', { a: { b: { c: [1, 2] } } }, { a: { b: { c: [1, 2] } } }],
  ['a date as text', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['an object with toJSON as what that returns', { toJSON: () => ({ shown: 1 }) }, { shown: 1 }],
  [
    'an instance as a plain object',
    new (class Item {
      id = 7;
    })(),
    { id: 7 },
  ],
  ['NaN as null', Number.NaN, null],
  ['an array with holes as nulls', [1, undefined, 3], [1, null, 3]],
  ['undefined as nothing', undefined, undefined],
  ['a function as nothing', () => 1, undefined],
  ['a member of undefined as nothing', { a: 1, b: undefined }, { a: 1 }],
  ['a map as an empty object', new Map([[1, 2]]), {}],
  ['a nested member named cookie', { cookie: 1 }, { cookie: 1 }],
];

/** Changes of a session that has a value already. */
const CHANGES: readonly (readonly [
  string,
  (session: Express.Request['session']) => void,
  Readonly<Record<string, unknown>>,
])[] = [
  [
    'a new value',
    (session) => {
      session.note = 'new';
    },
    { note: 'new', cart: ['tea'] },
  ],
  [
    'a deleted member',
    (session) => {
      delete session.note;
    },
    { cart: ['tea'] },
  ],
  [
    'a member set to undefined',
    (session) => {
      session.note = undefined;
    },
    { cart: ['tea'] },
  ],
  [
    'a pushed element',
    (session) => {
      session.cart?.push('milk');
    },
    { note: { a: 1 }, cart: ['tea', 'milk'] },
  ],
  [
    'an emptied array',
    (session) => {
      if (session.cart) session.cart.length = 0;
    },
    { note: { a: 1 }, cart: [] },
  ],
  [
    'a sorted array',
    (session) => {
      session.cart = ['z', 'a'].sort();
    },
    { note: { a: 1 }, cart: ['a', 'z'] },
  ],
  [
    'a nested assignment',
    (session) => {
      (session.note as { a: number }).a = 2;
    },
    { note: { a: 2 }, cart: ['tea'] },
  ],
  [
    'a nested deletion',
    (session) => {
      delete (session.note as { a?: number }).a;
    },
    { note: {}, cart: ['tea'] },
  ],
  [
    'a new nested member',
    (session) => {
      Object.assign(session.note as object, { b: 1 });
    },
    { note: { a: 1, b: 1 }, cart: ['tea'] },
  ],
  [
    'Object.assign',
    (session) => {
      Object.assign(session, { note: 1, other: 2 });
    },
    { note: 1, other: 2, cart: ['tea'] },
  ],
  [
    'a value that changed and changed back',
    (session) => {
      session.note = 5;
      session.note = { a: 1 };
    },
    { note: { a: 1 }, cart: ['tea'] },
  ],
  [
    'two members',
    (session) => {
      session.note = 1;
      session.cart = [];
    },
    { note: 1, cart: [] },
  ],
];

describe.each(FACES)('%s: the data of a session', (_name, createFace) => {
  it.each(VALUES)('keeps %s', async (_kind, value, kept) => {
    const jar = await open(
      createFace().middleware,
      changing((session) => {
        session.note = value;
        session.other = 1;
      }),
    );
    await jar.get('/set');
    const expected = kept === undefined ? { other: 1 } : { note: kept, other: 1 };
    expect(JSON.parse(await jar.get('/'))).toEqual(expected);
  });

  it.each(CHANGES)('keeps %s', async (_kind, change, kept) => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = { a: 1 };
        req.session.cart = ['tea'];
        res.end();
      });
      app.use(changing(change));
    });
    await jar.get('/first');
    await jar.get('/set');
    expect(JSON.parse(await jar.get('/'))).toEqual(kept);
  });
});

describe.each(FACES)('%s: a visitor', (_name, createFace) => {
  it('gets no cookie and no record for nothing, or for a read', async () => {
    const { middleware, writes } = createFace();
    const jar = await openApp(middleware, (app) => {
      app.get('/nothing', (_req, res) => void res.send('page'));
      app.get('/read', (req, res) => void res.json(req.session.cart ?? null));
    });
    expect((await jar.send('/nothing')).setCookies).toEqual([]);
    expect((await jar.send('/read')).setCookies).toEqual([]);
    expect(writes()).toBe(0);
  });

  it('gets a cookie with the first write, and none with later ones', async () => {
    const { middleware, writes } = createFace();
    const jar = await open(middleware, (req, res) => {
      req.session.views = (req.session.views ?? 0) + 1;
      res.json(req.session.views);
    });
    expect((await jar.send('/')).setCookies).toHaveLength(1);
    expect((await jar.send('/')).setCookies).toEqual([]);
    expect(await jar.get('/')).toBe('3');
    expect(writes()).toBe(3);
  });

  it('has a session apart from that of another one', async () => {
    const jar = await open(
      createFace().middleware,
      changing((session) => {
        session.note = 1;
      }),
    );
    await jar.get('/set');
    const other = jar.copy();
    other.cookies.clear();
    expect(JSON.parse(await other.get('/'))).toEqual({});
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1 });
  });

  it.each([
    ['made up', () => 's%3Amade-up.signature'],
    ['cut off', (value: string) => value.slice(0, -1)],
    ['changed', (value: string) => value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['empty', () => ''],
  ])('gets a new session for a cookie that is %s', async (_how, spoil) => {
    const jar = await open(createFace().middleware, (req, res) => {
      req.session.views = (req.session.views ?? 0) + 1;
      res.json([req.session.views, req.sessionID]);
    });
    const [, first] = JSON.parse(await jar.get('/'));
    const [[name = '', value = ''] = []] = [...jar.cookies];
    // The last character of a token in base64url has unused bits, which a changed one may differ in.
    jar.cookies.set(name, spoil(value));
    const [views, second] = JSON.parse(await jar.get('/'));
    expect(views).toBe(1);
    expect(second).not.toBe(first);
  });
});

describe.each(FACES)('%s: the object', (_name, createFace) => {
  it('shows its data and the cookie, and no methods, when it is enumerated', async () => {
    const jar = await open(createFace().middleware, (req, res) => {
      req.session.note = 1;
      const inLoop: string[] = [];
      for (const name in req.session) inLoop.push(name);
      res.json([
        Object.keys(req.session).sort(),
        inLoop.sort(),
        Object.keys(JSON.parse(JSON.stringify(req.session))).sort(),
      ]);
    });
    const names = ['cookie', 'note'];
    expect(JSON.parse(await jar.get('/'))).toEqual([names, names, names]);
  });

  it('has one id, which is req.sessionID and stays from one request to the next', async () => {
    const jar = await open(createFace().middleware, (req, res) => {
      const before = req.sessionID;
      req.session.note ??= 1;
      res.json([before, req.sessionID, req.session.id]);
    });
    const ids = [...JSON.parse(await jar.get('/')), ...JSON.parse(await jar.get('/'))];
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[\w-]{32}$/);
  });

  it('is the same object for all handlers of a request, and knows the request', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.use((req, res, next) => {
        res.locals['seen'] = req.session;
        next();
      });
      app.use((req, res) => {
        const { req: known } = req.session as unknown as { req: unknown };
        res.json([res.locals['seen'] === req.session, known === req]);
      });
    });
    expect(JSON.parse(await jar.get('/'))).toEqual([true, true]);
  });

  it('is left alone by a second middleware on the same path', async () => {
    const face = createFace();
    const jar = await openApp(face.middleware, (app) => {
      app.use(face.middleware);
      app.use((req, res) => {
        req.session.views = (req.session.views ?? 0) + 1;
        res.json(req.session.views);
      });
    });
    expect(await jar.get('/')).toBe('1');
    expect(await jar.get('/')).toBe('2');
  });

  it('is written when something changed, and not when nothing did', async () => {
    const { middleware, writes } = createFace();
    const jar = await open(
      middleware,
      changing((session) => {
        session.note = { a: 1 };
      }),
    );
    await jar.get('/set');
    expect(writes()).toBe(1);
    await jar.get('/');
    await jar.get('/set');
    expect(writes()).toBe(1);
  });

  it('touch and resetMaxAge return it', async () => {
    const jar = await open(createFace().middleware, (req, res) => {
      const { session } = req;
      res.json([session.touch() === session, session.resetMaxAge() === session]);
    });
    expect(JSON.parse(await jar.get('/'))).toEqual([true, true]);
  });
});

describe.each(FACES)('%s: save', (_name, createFace) => {
  it('has stored the session when it calls back', async () => {
    const { middleware, writes } = createFace();
    const jar = await openApp(middleware, (app) => {
      app.get('/set', (req, res) => {
        req.session.note = 1;
        req.session.save((error) => void res.json([error ?? null, writes()]));
      });
      app.get('/', show);
    });
    expect(JSON.parse(await jar.get('/set'))).toEqual([null, 1]);
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1 });
    // The end of the response has nothing left to store.
    expect(writes()).toBe(1);
  });

  it('lets other requests see the change before the response ends', async () => {
    const gate = createGate();
    const saved = createGate();
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/set', (req, res) => {
        req.session.note = 2;
        req.session.save(() => {
          saved.open();
          void gate.opened.then(() => res.end());
        });
      });
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/', show);
    });
    await jar.get('/first');
    const slow = jar.get('/set');
    await saved.opened;
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 2 });
    gate.open();
    await slow;
  });

  it('stores what is written after it at the end of the response', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/set', (req, res) => {
        req.session.note = 1;
        req.session.save(() => {
          req.session.other = 2;
          res.end();
        });
      });
      app.get('/', show);
    });
    await jar.get('/set');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1, other: 2 });
  });

  it('stores all, when it is called twice without waiting', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/set', (req, res) => {
        req.session.note = 1;
        req.session.save(() => undefined);
        req.session.other = 2;
        req.session.save(() => void res.end());
      });
      app.get('/', show);
    });
    await jar.get('/set');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1, other: 2 });
  });
});

describe.each(FACES)('%s: regenerate', (_name, createFace) => {
  const mount = (change: RequestHandler) => (app: import('express').Express) => {
    app.get('/first', (req, res) => {
      req.session.note = 1;
      res.json(req.sessionID);
    });
    app.get('/change', change);
    app.get('/', show);
  };

  it('leads to an empty session with a new id, and the earlier cookie is dead', async () => {
    const jar = await openApp(
      createFace().middleware,
      mount((req, res) => {
        const { session } = req;
        session.regenerate((error) => {
          req.session.other = 2;
          res.json([
            error ?? null,
            session === req.session,
            req.session.note ?? null,
            req.sessionID,
          ]);
        });
      }),
    );
    const first = JSON.parse(await jar.get('/first'));
    const earlier = jar.copy();
    const [error, isSame, note, second] = JSON.parse(await jar.get('/change'));
    expect([error, isSame, note]).toEqual([null, false, null]);
    expect(second).not.toBe(first);
    expect(JSON.parse(await jar.get('/'))).toEqual({ other: 2 });
    expect(JSON.parse(await earlier.get('/'))).toEqual({});
  });

  it('works for a visitor of whom nothing is stored', async () => {
    const jar = await openApp(
      createFace().middleware,
      mount((req, res) => {
        req.session.regenerate(() => {
          req.session.note = 'after';
          res.end();
        });
      }),
    );
    await jar.get('/change');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 'after' });
  });

  it('drops what was written before it', async () => {
    const jar = await openApp(
      createFace().middleware,
      mount((req, res) => {
        req.session.note = 'before';
        req.session.regenerate(() => void res.end());
      }),
    );
    await jar.get('/change');
    expect(JSON.parse(await jar.get('/'))).toEqual({});
  });

  it('lets the application take members over from the earlier object', async () => {
    const jar = await openApp(
      createFace().middleware,
      mount((req, res) => {
        const { note } = req.session;
        req.session.regenerate(() => {
          req.session.note = note;
          req.session.save(() => void res.end());
        });
      }),
    );
    await jar.get('/first');
    await jar.get('/change');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1 });
  });

  it('works twice in a request', async () => {
    const jar = await openApp(
      createFace().middleware,
      mount((req, res) => {
        req.session.regenerate(() => {
          const between = req.sessionID;
          req.session.regenerate(() => {
            req.session.note = 2;
            res.json(between === req.sessionID);
          });
        });
      }),
    );
    await jar.get('/first');
    expect(await jar.get('/change')).toBe('false');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 2 });
  });
});

describe.each(FACES)('%s: destroy', (_name, createFace) => {
  it('takes req.session away, ends the session, and calls back', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/end', (req, res) => {
        req.session.destroy((error) => {
          res.json([error ?? null, typeof req.session]);
        });
      });
      app.get('/', show);
    });
    await jar.get('/first');
    const copy = jar.copy();
    expect(JSON.parse(await jar.get('/end'))).toEqual([null, 'undefined']);
    expect(JSON.parse(await jar.get('/'))).toEqual({});
    expect(JSON.parse(await copy.get('/'))).toEqual({});
  });

  it('works for a visitor of whom nothing is stored', async () => {
    const jar = await open(createFace().middleware, (req, res) => {
      req.session.destroy((error) => void res.json(error ?? null));
    });
    const answer = await jar.send('/');
    expect([answer.text, answer.setCookies]).toEqual(['null', []]);
  });
});

describe.each(FACES)('%s: reload', (_name, createFace) => {
  it('drops changes that are not stored, and shows those of other requests, in a new object', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/other', (req, res) => {
        req.session.other = 'of another request';
        res.end();
      });
      app.get('/reload', async (req, res) => {
        const { session } = req;
        session.note = 'never stored';
        await jar.get('/other');
        session.reload((error) => {
          const { note, other } = req.session;
          res.json([error ?? null, session === req.session, note, other]);
        });
      });
      app.get('/', show);
    });
    await jar.get('/first');
    expect(JSON.parse(await jar.get('/reload'))).toEqual([null, false, 1, 'of another request']);
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1, other: 'of another request' });
  });

  it('is followed by changes that are stored', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/reload', (req, res) => {
        req.session.reload(() => {
          req.session.other = 2;
          res.end();
        });
      });
      app.get('/', show);
    });
    await jar.get('/first');
    await jar.get('/reload');
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1, other: 2 });
  });

  it('calls back with an error when the session is gone, or never was', async () => {
    const jar = await openApp(createFace().middleware, (app) => {
      app.get('/first', (req, res) => {
        req.session.note = 1;
        res.end();
      });
      app.get('/end', (req, res) => {
        req.session.destroy(() => void res.end());
      });
      app.get('/reload', async (req, res) => {
        const { session } = req;
        if (req.query['end']) await jar.copy().get('/end');
        session.reload((error) => void res.json(error instanceof Error));
      });
    });
    expect(await jar.get('/reload')).toBe('true');
    await jar.get('/first');
    expect(await jar.get('/reload')).toBe('false');
    expect(await jar.get('/reload?end=1')).toBe('true');
  });
});

describe.each(FACES)('%s: the option unset', (_name, createFace) => {
  const mount = (unset: RequestHandler) => (app: import('express').Express) => {
    app.get('/first', (req, res) => {
      req.session.note = 1;
      res.end();
    });
    app.get('/unset', unset);
    app.get('/', show);
  };
  const toNull: RequestHandler = (req, res) => {
    req.session.note = 'dropped';
    Object.assign(req, { session: null });
    res.json(req.session);
  };
  const byDelete: RequestHandler = (req, res) => {
    Reflect.deleteProperty(req, 'session');
    res.json(typeof req.session);
  };

  it.each([
    ['null', toNull, 'null'],
    ['a deletion', byDelete, '"undefined"'],
  ])('keeps the session without the changes by default: %s', async (_how, unset, shown) => {
    const jar = await openApp(createFace().middleware, mount(unset));
    await jar.get('/first');
    expect(await jar.get('/unset')).toBe(shown);
    expect(JSON.parse(await jar.get('/'))).toEqual({ note: 1 });
  });

  it.each([
    ['null', toNull],
    ['a deletion', byDelete],
  ])("ends the session with 'destroy': %s", async (_how, unset) => {
    const jar = await openApp(createFace({ unset: 'destroy' }).middleware, mount(unset));
    await jar.get('/first');
    const copy = jar.copy();
    await jar.get('/unset');
    expect(JSON.parse(await copy.get('/'))).toEqual({});
  });

  it("sets no cookie for a visitor with 'destroy'", async () => {
    const jar = await openApp(createFace({ unset: 'destroy' }).middleware, mount(toNull));
    expect((await jar.send('/unset')).setCookies).toEqual([]);
  });
});
