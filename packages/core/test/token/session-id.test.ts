import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSessions } from '../../src/sessions.js';
import { createRandomBytes } from '../../src/token/crypto.js';
import {
  assertSubject,
  createSid,
  createSubjectTag,
  isSid,
  tagOf,
} from '../../src/token/session-id.js';
import { refusalOf } from '../refusal.js';

const random = createRandomBytes();
const tagOfSubject = createSubjectTag(undefined);

/** What a store key must never hold. */
const HOSTILE = [
  '{',
  '}',
  ':',
  '*',
  '\u0000',
  '../',
  '\r\n',
  '{user}:*',
  '__proto__',
  '-',
  ' ',
  '\uFEFF',
  '%00',
  "'; --",
];

const wellFormed = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 });

describe('a subject’s tag', () => {
  it.each([
    ['user-1', 'xsKJ5J6cBbIUWGA4'],
    ['Zoë 👩‍🚀', 'BqVbQNh6VvqmjtKG'],
  ])('of %j is 12 bytes of SHA-256 over its UTF-8 bytes', (subject, tag) => {
    expect(tagOfSubject(subject)).toBe(tag);
  });

  it('is 16 characters of base64url for every subject, and SHA-256’s', () => {
    fc.assert(
      fc.property(wellFormed, (subject) => {
        const expected = createHash('sha256').update(subject, 'utf8').digest().subarray(0, 12);
        expect(tagOfSubject(subject)).toBe(expected.toString('base64url'));
        expect(tagOfSubject(subject)).toMatch(/^[A-Za-z0-9_-]{16}$/);
      }),
    );
  });

  it('with a pepper is HMAC-SHA256’s, and confirms no guess of the subject', () => {
    const peppered = createSubjectTag('sixteen-letters!');
    expect(peppered('user-1')).toBe('gFZx9eEby2U5uECQ');
    expect(peppered('Zoë 👩‍🚀')).toBe('dpf9bWAUSAx6GzRK');
    expect(createSubjectTag('sixteen-letters?')('user-1')).not.toBe(peppered('user-1'));
  });

  it('keeps the two Unicode forms of one name apart: they are different subjects', () => {
    expect(tagOfSubject('Zo\u00eb')).not.toBe(tagOfSubject('Zoe\u0308'));
  });
});

describe('a session id', () => {
  it('is the tag and 12 random bytes in 32 characters of base64url', () => {
    const sid = createSid(tagOfSubject('user-1'), () =>
      Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]),
    );
    expect(sid).toBe('xsKJ5J6cBbIUWGA4AAECAwQFBgcICQr_');
    expect(isSid(sid)).toBe(true);
    expect(tagOf(sid)).toBe('xsKJ5J6cBbIUWGA4');
  });

  it('asks the generator for exactly 96 bits [tokens.random]', () => {
    const sizes: number[] = [];
    createSid(tagOfSubject('user-1'), (size) => {
      sizes.push(size);
      return new Uint8Array(size);
    });
    expect(sizes).toEqual([12]);
  });

  it('is new every time', () => {
    const tag = tagOfSubject('user-1');
    expect(new Set(Array.from({ length: 10_000 }, () => createSid(tag, random))).size).toBe(10_000);
  });

  it('of any subject holds nothing of it but its tag [data.keys]', () => {
    fc.assert(
      fc.property(fc.oneof(wellFormed, fc.constantFrom(...HOSTILE)), (subject) => {
        const sid = createSid(tagOfSubject(subject), random);
        expect(sid).toMatch(/^[A-Za-z0-9_-]{32}$/);
        expect(tagOf(sid)).toBe(tagOfSubject(subject));
      }),
    );
  });
});

describe('isSid', () => {
  // The same in every run: what is made of it is part of the names of tests.
  const sid = 'xsKJ5J6cBbIUWGA4AAECAwQFBgcICQr_';

  it.each([
    '',
    sid.slice(1),
    `${sid}A`,
    `${sid.slice(1)}=`,
    `${sid.slice(1)}+`,
    `${sid.slice(1)}/`,
    `${sid.slice(1)}.`,
    `${sid.slice(1)}\n`,
    ` ${sid.slice(1)}`,
    `${sid.slice(1)}é`,
    undefined,
    null,
    32,
    [sid],
    { length: 32 },
    [sid],
    new String(sid),
  ])('is false for %j', (value) => {
    expect(isSid(value)).toBe(false);
  });

  it('takes every 32 characters of base64url, for 24 bytes leave no spare bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 24 }), (bytes) => {
        expect(isSid(Buffer.from(bytes).toString('base64url'))).toBe(true);
      }),
    );
  });
});

describe('assertSubject', () => {
  it.each(HOSTILE)('takes %j: it never becomes part of a key [data.keys]', (subject) => {
    expect(() => assertSubject(subject)).not.toThrow();
  });

  it('takes 1 to 512 UTF-16 units', () => {
    for (const subject of ['a', 'a'.repeat(512), '👩'.repeat(256)]) {
      expect(() => assertSubject(subject)).not.toThrow();
    }
    for (const subject of ['undefined ', 'nullable', 'NaNa', 'object Object'])
      expect(() => assertSubject(subject)).not.toThrow();
    for (const value of [undefined, null, Number.NaN, {}, new Map(), []])
      expect(refusalOf(() => assertSubject(String(value))).code).toBe('invalid_subject');
    for (const subject of ['', 'a'.repeat(513), '👩'.repeat(257), 'a'.repeat(10_000_000)]) {
      const refused = refusalOf(() => assertSubject(subject));
      expect(refused.code).toBe('invalid_subject');
      expect(refused.message).toContain('1 to 512 characters');
      expect(refused.message).toContain("the user's id");
    }
  });

  it.each([undefined, null, 7, 7n, true, {}, ['user-1'], Symbol('user-1'), new String('user-1')])(
    'refuses %s: only text is a subject',
    (subject) => {
      expect(refusalOf(() => assertSubject(subject))).toMatchObject({ code: 'invalid_subject' });
    },
  );

  it.each(['\ud800', '\udfff', 'user-\ud83d', '\udc69\ud83d', `a\udc00${'b'.repeat(100)}`])(
    'refuses the lone surrogate in %j with a TypeError [data.unicode]',
    (subject) => {
      const refused = refusalOf(() => assertSubject(subject));
      expect(refused.code).toBe('invalid_subject');
      expect(refused.message).toContain('not well-formed Unicode');
    },
  );

  it('refuses exactly the strings that UTF-8 cannot carry there and back', () => {
    const units = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(units, (codes) => {
        const subject = String.fromCharCode(...codes);
        const survives = Buffer.from(subject, 'utf8').toString('utf8') === subject;
        if (survives) expect(() => assertSubject(subject)).not.toThrow();
        else expect(refusalOf(() => assertSubject(subject)).code).toBe('invalid_subject');
      }),
      { numRuns: 500 },
    );
  });

  it('does not quote the subject in its message: it may be personal', () => {
    expect(refusalOf(() => assertSubject('zoe@example.com\ud800')).message).not.toContain('zoe');
  });
});

describe('an engine', () => {
  it.each(HOSTILE)(
    'keeps sessions of %j apart from all others, under ids without a trace of it [data.keys]',
    async (subject) => {
      const sessions = createSessions();
      const { session } = await sessions.create({ subject });
      await sessions.create({ subject: 'user-1' });
      expect(session.subject).toBe(subject);
      expect(session.sid).toMatch(/^[A-Za-z0-9_-]{32}$/);
      expect(await sessions.list(subject)).toEqual([session]);
    },
  );
});
