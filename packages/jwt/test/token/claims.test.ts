import { describe, expect, it } from 'vitest';
import {
  AUDIENCE,
  arrangeReader,
  goodClaims,
  ISSUER,
  outcomeOf,
  testKey,
  tokenOf,
  tokenOfParts,
} from '../arrange.js';

const key = testKey('HS256');

async function outcomeWith(claims: object): Promise<string> {
  const by = await key;
  return outcomeOf(await arrangeReader(by.key).read(tokenOf(by, { claims })));
}

/** The text of good claims, with one of them written out: JSON.stringify would not write it so. */
async function outcomeWithRaw(name: string, text: string): Promise<string> {
  const by = await key;
  const rest = JSON.stringify(goodClaims({ [name]: undefined })).slice(0, -1);
  const payload = `${rest},"${name}":${text}}`;
  return outcomeOf(await arrangeReader(by.key).read(tokenOfParts(by, { payload })));
}

describe('the claim exp', () => {
  it.each([
    ['absent', undefined],
    ['0', 0],
    ['-1', -1],
    ['text', '1'],
    ['the text of a good one', String(goodClaims()['exp'])],
    ['null', null],
    ['true', true],
    ['a list', []],
    ['a list of a good one', [goodClaims()['exp']]],
    ['an object', {}],
    ['2^53 + 1', 2 ** 53 + 1],
    ['the year 10000', 253_402_300_800],
  ])('is a number that can be a time: refused when %s [jwt.times]', async (_name, exp) => {
    expect(await outcomeWith({ exp })).toBe('unknown');
  });

  it.each(['1e400', '-1e400', '9007199254740993', '1e16', '-0', '1e-400'])(
    'is refused when written as %s [jwt.times]',
    async (text) => {
      expect(await outcomeWithRaw('exp', text)).toBe('unknown');
    },
  );

  it('may be a fraction, and in the far future (RFC 7519, section 2)', async () => {
    expect(await outcomeWith({ exp: Number(goodClaims()['exp']) + 0.5 })).toBe('accepted');
    expect(await outcomeWithRaw('exp', '253402300799')).toBe('accepted');
    expect(await outcomeWithRaw('exp', '1.8e9')).toBe('accepted');
  });
});

describe.each(['iat', 'nbf', 'auth_time'])('the claim %s', (name) => {
  it.each(['0', '-1', '"1"', 'null', 'true', '[]', '{}', '1e400', '9007199254740993'])(
    'is refused when %s',
    async (text) => {
      expect(await outcomeWithRaw(name, text)).toBe('unknown');
    },
  );

  it(`may ${name === 'iat' ? 'not ' : ''}be absent`, async () => {
    expect(await outcomeWith({ [name]: undefined })).toBe(name === 'iat' ? 'unknown' : 'accepted');
  });
});

describe('the claim aud', () => {
  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['of somebody else', 'https://other.example'],
    ['longer than ours', `${AUDIENCE}/`],
    ['ours in capitals', AUDIENCE.toUpperCase()],
    ['an empty list', []],
    ['a list without us', ['https://other.example', 'x']],
    ['a list with us and no text', [AUDIENCE, 1]],
    ['a list of a list', [[AUDIENCE]]],
    ['an object', { 0: AUDIENCE, length: 1 }],
    ['a number', 1],
  ])('is refused when it is %s [jwt.audience]', async (_name, aud) => {
    expect(await outcomeWith({ aud })).toBe('unknown');
  });

  it('may be us, or a list with us [jwt.audience]', async () => {
    expect(await outcomeWith({ aud: AUDIENCE })).toBe('accepted');
    expect(await outcomeWith({ aud: ['https://other.example', AUDIENCE] })).toBe('accepted');
  });

  it('may be any of the names that we have', async () => {
    const by = await key;
    const { read } = arrangeReader(by.key, { audiences: ['one', 'two'] });
    for (const aud of ['one', 'two', ['x', 'two']]) {
      expect(outcomeOf(await read(tokenOf(by, { claims: { aud } })))).toBe('accepted');
    }
    expect(outcomeOf(await read(tokenOf(by)))).toBe('unknown');
  });
});

describe('the claim iss', () => {
  it.each([
    undefined,
    null,
    '',
    'https://other.example',
    `${ISSUER}/`,
    `${ISSUER}\u0000`,
    [ISSUER],
    { toString: ISSUER },
  ])('is ours, and not %j [jwt.issuer]', async (iss) => {
    expect(await outcomeWith({ iss })).toBe('unknown');
  });
});

describe.each(['sub', 'sid', 'jti'])('the claim %s', (name) => {
  it.each([undefined, null, '', 7, [], {}, ['a'], 'x'.repeat(513)])(
    'is refused when %j',
    async (value) => {
      expect(await outcomeWith({ [name]: value })).toBe('unknown');
    },
  );
});

describe('claims of other types', () => {
  it.each([
    { sid: 'a b' },
    { sid: 'a\n' },
    { jti: 'é' },
    { gen: -1 },
    { gen: 1.5 },
    { gen: '1' },
    { gen: null },
    { gen: 2 ** 53 },
    { sv: '1' },
    { sv: -1 },
    { ses: null },
    { ses: 1 },
    { ses: [] },
    { ses: {} },
    { ses: { iat: 1 } },
    { ses: { iat: 1, exp: '1' } },
  ])('are refused: %j', async (claims) => {
    expect(await outcomeWith(claims)).toBe('unknown');
  });

  it('are refused where a subject is no well-formed Unicode [data.unicode]', async () => {
    expect(await outcomeWithRaw('sub', '"ad\\ud800"')).toBe('unknown');
    expect(await outcomeWithRaw('sub', '"ad\\ud83d\\ude00"')).toBe('accepted');
  });

  it('are refused where one that the application needs is missing or empty', async () => {
    const by = await key;
    const { read } = arrangeReader(by.key, { required: ['role', 'toString'] });
    const outcome = async (claims: object) => outcomeOf(await read(tokenOf(by, { claims })));
    expect(await outcome({ role: 'admin', toString: 'x' })).toBe('accepted');
    expect(await outcome({ role: 'admin' })).toBe('unknown');
    for (const role of [undefined, null, '']) {
      expect(await outcome({ role, toString: 'x' })).toBe('unknown');
    }
  });
});

describe('the data of a token', () => {
  it('sets no prototype, at no depth [data.prototype]', async () => {
    const by = await key;
    const { read } = arrangeReader(by.key);
    const more = '"__proto__":{"admin":true},"a":{"__proto__":{"admin":true},"b":1}';
    const payload = `${JSON.stringify(goodClaims()).slice(0, -1)},${more}}`;
    const reading = await read(tokenOfParts(by, { payload }));
    if (!reading.ok) throw new Error(reading.reason);
    const { data } = reading.claimed.session;
    expect(data).toEqual({ a: { b: 1 } });
    const merged: { a?: object } = Object.assign({}, data);
    expect('admin' in merged || 'admin' in Object.assign({}, merged.a)).toBe(false);
    expect('admin' in {}).toBe(false);
  });

  it('cannot be changed by who is given it, for the next request is given it too', async () => {
    const by = await key;
    const { read } = arrangeReader(by.key);
    const token = tokenOf(by, { claims: { roles: ['user'], account: { plan: { name: 'free' } } } });
    for (let time = 0; time < 2; time += 1) {
      const reading = await read(token);
      if (!reading.ok) throw new Error(reading.reason);
      const data = reading.claimed.session.data as {
        roles: string[];
        account: { plan: { name: string } };
      };
      expect(data).toEqual({ roles: ['user'], account: { plan: { name: 'free' } } });
      expect(() => data.roles.push('admin')).toThrow(TypeError);
      expect(() => {
        data.account.plan.name = 'paid';
      }).toThrow(TypeError);
    }
  });

  it('is all claims that have no meaning here', async () => {
    const by = await key;
    const { read } = arrangeReader(by.key);
    const claims = { nbf: 1, auth_time: 2, gen: 3, sv: 4, ses: { iat: 1, exp: 9 }, role: 'x' };
    expect(await read(tokenOf(by, { claims }))).toMatchObject({
      claimed: {
        session: {
          data: { role: 'x' },
          createdAt: 1_000,
          authenticatedAt: 2_000,
          expiresAt: 9_000,
        },
        generation: 3,
        version: 4,
      },
    });
  });
});
