import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64Url } from '../../src/token/crypto.js';
import { formatAccessToken, formatRefreshToken } from '../../src/token/format.js';
import { createSid, createSubjectTag } from '../../src/token/session-id.js';
import {
  createRedactingLogger,
  defaultLogger,
  type LogFields,
  type Logger,
  messageFirst,
} from '../../src/util/logger.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

interface Line {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

function recorder(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: string) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  const [debug, info, warn, error] = LEVELS.map(write) as [never, never, never, never];
  return { logger: { debug, info, warn, error }, lines };
}

/** What the caller's logger gets to see of some fields. */
function redacted(fields: LogFields, message = 'text'): LogFields {
  const { logger, lines } = recorder();
  createRedactingLogger(logger).info(fields, message);
  expect(lines).toHaveLength(1);
  return lines[0]?.fields ?? {};
}

/** The same secrets in every run: how one begins decides how it is shown. */
const random = (size: number) =>
  createHash('sha512').update(String(size)).digest().subarray(0, size);
const sid = createSid(createSubjectTag(undefined)('user-1'), random);
const secret = encodeBase64Url(random(32));
const family = encodeBase64Url(random(12));
const accessToken = formatAccessToken({ sid, secret });
const refreshToken = formatRefreshToken({ sid, family, generation: 7, secret });
const base64url = (value: string) => Buffer.from(value).toString('base64url');
const signature = encodeBase64Url(random(32));
const jwt = `${base64url('{"alg":"HS256"}')}.${base64url('{"sub":"user-1","exp":1}')}.${signature}`;
const digest = createHash('sha256').update(secret);
const digests = { hex: digest.copy().digest('hex'), base64url: digest.copy().digest('base64url') };

/** The longest run of `text` that also stands in `source`. */
function longestShared(text: string, source: string): number {
  let longest = 0;
  for (let start = 0; start < source.length; start += 1) {
    while (
      text.includes(source.slice(start, start + longest + 1)) &&
      start + longest < source.length
    )
      longest += 1;
  }
  return longest;
}

describe('createRedactingLogger', () => {
  it.each(LEVELS)('passes %s lines on at their level, fields first', (level) => {
    const { logger, lines } = recorder();
    createRedactingLogger(logger)[level](
      { sid, count: 3, ok: true, reason: 'expired', none: undefined },
      'text',
    );
    expect(lines).toEqual([
      {
        level,
        fields: { sid, count: 3, ok: true, reason: 'expired', none: undefined },
        message: 'text',
      },
    ]);
  });

  it('leaves the session id whole: it is public by design', () => {
    expect(redacted({ sid })).toEqual({ sid });
  });

  it.each([
    ['an access token', accessToken, 'sat_…'],
    ['a refresh token', refreshToken, 'srt_…'],
    ['a JWT', jwt, `${jwt.slice(0, 8)}…`],
    ['a secret', secret, `${secret.slice(0, 8)}…`],
    ['a digest in hex', digests.hex, `${digests.hex.slice(0, 8)}…`],
    ['a digest in base64url', digests.base64url, `${digests.base64url.slice(0, 8)}…`],
    [
      'a digest as it is stored',
      digests.base64url.slice(0, 22),
      `${digests.base64url.slice(0, 8)}…`,
    ],
    ['a session id under another name', sid, `${sid.slice(0, 8)}…`],
  ])('cuts %s to 8 characters at most [logs.lines]', (_, value, shown) => {
    expect(redacted({ value })).toEqual({ value: shown });
  });

  it.each([
    ['an Authorization header', `Bearer ${accessToken}`],
    ['a Cookie header', `theme=dark; __Host-sess=${refreshToken}; lang=en`],
    ['a Set-Cookie header', `__Host-sess=${refreshToken}; Path=/; HttpOnly`],
    ['JSON', JSON.stringify({ refresh_token: refreshToken, access_token: accessToken })],
    ['a Redis command', `HSET sess:{${sid.slice(0, 16)}} ${sid} ${digests.base64url.slice(0, 22)}`],
    ['a percent-encoded address', `/?t=${encodeURIComponent(refreshToken).replaceAll('.', '%2E')}`],
    ['several lines', `first\n${accessToken}\nlast\r\n${jwt}`],
  ])('finds tokens within %s [logs.lines]', (_, text) => {
    const shown = String(redacted({ text })['text']);
    for (const canary of [secret, signature, digests.base64url]) {
      expect(longestShared(shown, canary)).toBeLessThanOrEqual(8);
    }
    expect(shown).toContain('…');
  });

  it('createRedactingLogger shows at most 8 characters of a secret, in any surrounding text', () => {
    const around = fc.string({
      unit: fc.oneof(
        fc.constantFrom('s', 'a', 't', '_', 'r', 'e', 'y', 'J', '.', '-', ' '),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
    });
    const form = fc.constantFrom(accessToken, refreshToken, jwt, secret, digests.hex);
    fc.assert(
      fc.property(around, form, around, (before, token, after) => {
        const shown = String(redacted({ text: `${before}${token}${after}` })['text']);
        // What stands around may repeat a letter or two of the secret, but not for longer than this.
        for (const canary of [secret, signature, digests.hex]) {
          expect(longestShared(shown, canary)).toBeLessThanOrEqual(10);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leaves ordinary words, addresses and codes as they are', () => {
    for (const text of ['connect ECONNREFUSED 127.0.0.1:6379', 'evict-oldest', 'user-1', '']) {
      expect(redacted({ text })).toEqual({ text });
    }
  });

  it('cuts tokens out of the text of the line as well', () => {
    const { logger, lines } = recorder();
    createRedactingLogger(logger).error({}, `could not write ${accessToken}`);
    expect(lines[0]?.message).toBe('could not write sat_…');
  });

  it('strips errors of everything but name, message and code, and cuts what is left [logs.lines, logs.errors]', () => {
    const error = Object.assign(new RangeError(`EVALSHA failed for ${refreshToken}`), {
      code: 'ECONNRESET',
      command: { name: 'evalsha', args: [refreshToken] },
      cause: new Error(accessToken),
      previousErrors: [jwt],
    });
    expect(redacted({ error })).toEqual({
      error: { name: 'RangeError', message: 'EVALSHA failed for srt_…', code: 'ECONNRESET' },
    });
  });

  it('keeps a code only when it is text, and cuts it too', () => {
    expect(redacted({ error: Object.assign(new Error('x'), { code: 13 }) })).toEqual({
      error: { name: 'Error', message: 'x' },
    });
    expect(redacted({ error: Object.assign(new Error('x'), { code: accessToken }) })).toEqual({
      error: { name: 'Error', message: 'x', code: 'sat_…' },
    });
  });

  it.each([
    ['an object', { token: secret }],
    ['an array', [secret]],
    ['a Map', new Map([['token', secret]])],
    ['bytes', random(32)],
    ['a function', () => secret],
    ['a symbol', Symbol(secret)],
  ])('does not pass %s on', (_, value) => {
    expect(redacted({ value })).toEqual({ value: '[object]' });
  });

  it('does not change the fields it is given', () => {
    const fields = Object.freeze({ token: accessToken });
    redacted(fields);
    expect(fields).toEqual({ token: accessToken });
  });

  it('calls methods of the caller’s logger as methods, as pino needs', () => {
    class Counting implements Logger {
      #lines = 0;
      get lines() {
        return this.#lines;
      }
      debug() {
        this.#lines += 1;
      }
      info() {
        this.#lines += 1;
      }
      warn() {
        this.#lines += 1;
      }
      error() {
        this.#lines += 1;
      }
    }
    const counting = new Counting();
    const logger = createRedactingLogger(counting);
    for (const level of LEVELS) logger[level]({}, 'text');
    expect(counting.lines).toBe(4);
  });

  describe('while a failure repeats itself with each request', () => {
    const error = new Error('ECONNREFUSED');
    function open() {
      const { logger, lines } = recorder();
      const time = { now: 0 };
      return { log: createRedactingLogger(logger, () => time.now), lines, time };
    }

    it.each(['warn', 'error'] as const)('writes ten equal %s lines in ten seconds', (level) => {
      const { log, lines, time } = open();
      for (let n = 0; n < 1_000; n += 1) {
        time.now += 9;
        log[level]({ operation: 'load', error }, 'the session store failed');
      }
      expect(lines).toHaveLength(10);
    });

    it('states with the next line how many were left out', () => {
      const { log, lines, time } = open();
      for (let n = 0; n < 17; n += 1) log.error({ operation: 'load', error }, 'failed');
      time.now = 10_000;
      log.error({ operation: 'load', error }, 'failed');
      log.error({ operation: 'load', error }, 'failed');
      expect(lines.map(({ fields }) => fields['leftOut'])).toEqual([
        ...Array(10).fill(undefined),
        7,
        undefined,
      ]);
    });

    it('keeps lines of other operations and texts apart', () => {
      const { log, lines } = open();
      for (let n = 0; n < 20; n += 1) {
        log.error({ operation: 'load', error }, 'failed');
        log.error({ operation: 'insert', error }, 'failed');
        log.error({ operation: 'load', error }, 'timed out');
      }
      expect(lines).toHaveLength(30);
    });

    it('leaves out no line about one session, nor below the level of a warning', () => {
      const { log, lines } = open();
      for (let n = 0; n < 50; n += 1) {
        log.warn({ sid, cause: 'reuse' }, 'session revoked');
        log.info({ operation: 'load', error }, 'tried again');
      }
      expect(lines).toHaveLength(100);
    });

    it('remembers a bounded number of kinds', () => {
      const { log, lines } = open();
      for (let n = 0; n < 10_000; n += 1) log.error({ error }, `failed ${n}`);
      expect(lines).toHaveLength(10_000);
    });
  });

  it.each(LEVELS)('takes no harm from a logger that throws at %s', (level) => {
    const fail = () => {
      throw new Error('disk full');
    };
    const logger = createRedactingLogger({ debug: fail, info: fail, warn: fail, error: fail });
    expect(() => logger[level]({ sid }, 'text')).not.toThrow();
  });

  it('takes no harm from a logger that rejects [store.rejections]', async () => {
    const fail = async () => {
      throw new Error('disk full');
    };
    const unhandled: unknown[] = [];
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => void unhandled.push(reason));
    try {
      createRedactingLogger({ debug: fail, info: fail, warn: fail, error: fail }).error(
        { sid },
        'text',
      );
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
    expect(unhandled).toEqual([]);
  });

  it.each([
    ['no message', Object.assign(new Error('x'), { message: undefined })],
    ['an object for a message', Object.assign(new Error('x'), { message: { text: 'x' } })],
    [
      'a message that throws',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('y');
        },
      }),
    ],
  ])('takes no harm from an error with %s, which a store may reject with', (_, error) => {
    const { logger, lines } = recorder();
    expect(() => createRedactingLogger(logger).error({ error }, 'text')).not.toThrow();
    expect(lines).toHaveLength(1);
  });
});

describe('messageFirst', () => {
  it.each(LEVELS)('turns a logger that takes the text first around, at %s', (level) => {
    const calls: unknown[] = [];
    const write = (name: string) => (message: string, fields?: LogFields) =>
      void calls.push([name, message, fields]);
    const logger = messageFirst({
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    });
    logger[level]({ sid }, 'session created');
    expect(calls).toEqual([[level, 'session created', { sid }]]);
  });

  it('calls methods of that logger as methods', () => {
    const winston = {
      lines: [] as string[],
      debug(message: string) {
        this.lines.push(message);
      },
      info(message: string) {
        this.lines.push(message);
      },
      warn(message: string) {
        this.lines.push(message);
      },
      error(message: string) {
        this.lines.push(message);
      },
    };
    messageFirst(winston).warn({}, 'text');
    expect(winston.lines).toEqual(['text']);
  });
});

describe('defaultLogger', () => {
  async function warningOf(level: 'warn' | 'error', fields: LogFields): Promise<Error> {
    const warned = once(process, 'warning');
    createRedactingLogger(defaultLogger)[level](fields, 'the session store failed');
    return ((await warned) as [Error])[0];
  }

  it.each(['warn', 'error'] as const)('makes a process warning of each %s line', async (level) => {
    expect(await warningOf(level, {})).toMatchObject({
      name: 'SessWarning',
      message: 'the session store failed',
    });
  });

  it('adds the message of the error, redacted like everything else', async () => {
    const { message } = await warningOf('error', {
      error: new Error(`no answer for ${accessToken}`),
    });
    expect(message).toBe('the session store failed (no answer for sat_…)');
  });

  it('keeps quiet at debug and info', async () => {
    const seen: string[] = [];
    const record = (warning: Error) => void seen.push(warning.message);
    process.on('warning', record);
    try {
      defaultLogger.debug({}, 'quiet');
      defaultLogger.info({}, 'quiet');
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', record);
    }
    expect(seen).not.toContain('quiet');
  });
});
