import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { areYoung } from '../../../../test/generations.js';
import { applyCaching, beforeHead, readAuthorization, readJsonBody } from '../../src/http/node.js';

describe('readAuthorization', () => {
  it('readAuthorization returns no line if none was sent', () => {
    expect(readAuthorization({ headers: {}, rawHeaders: ['Host', 'Authorization'] })).toEqual([]);
  });

  it('readAuthorization returns the line with its name in any case', () => {
    for (const name of ['Authorization', 'authorization', 'AUTHORIZATION']) {
      const head = { headers: { authorization: 'Bearer a' }, rawHeaders: [name, 'Bearer a'] };
      expect(readAuthorization(head)).toEqual(['Bearer a']);
    }
  });

  it('readAuthorization returns the lines that Node hides behind the first, and no other header [bearer.twice]', () => {
    const rawHeaders = [
      ...['Host', 'api.example.com'],
      ...['Authorization', 'Bearer a'],
      ...['X-Name', 'Authorization'],
      ...['authorization', 'Bearer b'],
      ...['Proxy-Authorization', 'Bearer c'],
    ];
    const head = { headers: { authorization: 'Bearer a' }, rawHeaders };
    expect(readAuthorization(head)).toEqual(['Bearer a', 'Bearer b']);
  });

  it('readAuthorization ignores another header with a name of the same length', () => {
    const rawHeaders = [
      'X-Custom-Auth',
      'one',
      'Authorization',
      'Bearer a',
      'x-custom-auth',
      'two',
    ];
    const head = { headers: { authorization: 'Bearer set' }, rawHeaders };
    expect(readAuthorization(head)).toEqual(['Bearer set']);
  });

  it('readAuthorization reads a line without a value as an empty one', () => {
    const rawHeaders = ['Authorization', 'Bearer a', 'Authorization'];
    const head = { headers: { authorization: 'Bearer a' }, rawHeaders };
    expect(readAuthorization(head)).toEqual(['Bearer a', '']);
  });

  it.each([[[]], [['Authorization', 'Bearer sent']]])(
    'readAuthorization returns the header that a middleware has set, if the raw list is %j',
    (rawHeaders) => {
      const head = { headers: { authorization: 'Bearer set' }, rawHeaders };
      expect(readAuthorization(head)).toEqual(['Bearer set']);
    },
  );
});

/** A body as a socket brings it, in pieces. */
const bodyOf = (...pieces: readonly (string | Uint8Array)[]): Readable =>
  Readable.from(pieces.map((piece) => Buffer.from(piece)));

describe('readJsonBody', () => {
  it('readJsonBody reads JSON in any number of pieces, split within a character too', async () => {
    const text = Buffer.from('{"name":"Žofie","n":[1,2]}');
    const split = text.indexOf(0xc5) + 1;
    const expected = { name: 'Žofie', n: [1, 2] };
    expect(await readJsonBody(bodyOf(text))).toEqual(expected);
    expect(await readJsonBody(bodyOf(text.subarray(0, split), text.subarray(split)))).toEqual(
      expected,
    );
  });

  it('readJsonBody returns undefined for an empty body, and for one that has already ended', async () => {
    expect(await readJsonBody(bodyOf())).toBeUndefined();
    expect(await readJsonBody(bodyOf(''))).toBeUndefined();
    const read = bodyOf('{"a":1}');
    await read.toArray();
    expect(await readJsonBody(read)).toBeUndefined();
  });

  it('readJsonBody refuses a body that is not JSON or not UTF-8', async () => {
    await expect(readJsonBody(bodyOf('{"a":'))).rejects.toThrow(SyntaxError);
    await expect(readJsonBody(bodyOf(' '))).rejects.toThrow(SyntaxError);
    await expect(readJsonBody(bodyOf(Buffer.from([0x22, 0xff, 0x22])))).rejects.toThrow(TypeError);
  });

  it('readJsonBody accepts exactly 100 kB, and refuses one byte more', async () => {
    const text = `"${'x'.repeat(102_398)}"`;
    expect(text).toHaveLength(102_400);
    expect(await readJsonBody(bodyOf(text))).toHaveLength(102_398);
    await expect(readJsonBody(bodyOf(text, ' '))).rejects.toThrow(RangeError);
  });

  it('readJsonBody reads a body that is too long to its end, so that the connection stays open for the response', async () => {
    let pieces = 0;
    async function* endless() {
      for (; pieces < 40; pieces += 1) yield Buffer.alloc(10_000, ' ');
    }
    await expect(readJsonBody(Readable.from(endless()))).rejects.toThrow(RangeError);
    expect(pieces).toBe(40);
  });

  it('readJsonBody parses text and bytes that another parser has kept', async () => {
    const unread = () => readJsonBody(bodyOf('"of the stream"'), undefined);
    expect(await unread()).toBe('of the stream');
    const bytes = Buffer.from('{"name":"Žofie"}');
    const { buffer } = Uint8Array.from(bytes);
    for (const parsed of [bytes, buffer, bytes.toString()])
      expect(await readJsonBody(bodyOf(), parsed)).toEqual({ name: 'Žofie' });
    expect(await readJsonBody(bodyOf('1'), '')).toBeUndefined();
  });

  it('readJsonBody refuses kept bytes that are not UTF-8, and kept text that is not JSON', async () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    await expect(readJsonBody(bodyOf(), bytes)).rejects.toThrow(TypeError);
    await expect(readJsonBody(bodyOf(), '{')).rejects.toThrow(SyntaxError);
  });

  it.each([{ a: 1 }, ['a'], null, 7, false])(
    'readJsonBody returns %j unchanged if another parser has made it of the body',
    async (parsed) => {
      expect(await readJsonBody(bodyOf('"unread"'), parsed)).toBe(parsed);
    },
  );

  it.each([
    [{ 'content-length': '0' }, true],
    [{}, true],
    [{ 'content-length': '7' }, false],
    [{ 'transfer-encoding': 'chunked' }, false],
    [{ 'transfer-encoding': 'chunked', 'content-length': '0' }, false],
  ])(
    'readJsonBody rejects for a body that a parser has consumed, unless %j describes none',
    async (headers, isEmpty) => {
      const read = Object.assign(bodyOf('7'), { headers });
      await read.toArray();
      const reading = readJsonBody(read);
      if (isEmpty) expect(await reading).toBeUndefined();
      else await expect(reading).rejects.toThrow('kept nothing of it');
    },
  );

  it('readJsonBody rejects if the socket fails or closes within the body', async () => {
    const broken = bodyOf('{');
    const reading = readJsonBody(broken);
    broken.destroy(new Error('ECONNRESET'));
    await expect(reading).rejects.toThrow('ECONNRESET');

    const closed = Object.assign(new EventEmitter(), { readableEnded: false });
    const waiting = readJsonBody(closed);
    closed.emit('data', Buffer.from('{'));
    closed.emit('close');
    await expect(waiting).rejects.toThrow('closed before the end of the body');
  });
});

describe('beforeHead', () => {
  /** A response whose cache header and cookie hold. */
  function hold() {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    return { res, start: () => beforeHead(res, () => res.setHeader('Cache-Control', 'no-store')) };
  }

  it.each([
    ['an object', [200, { 'Cache-Control': 'public', 'X-Own': '1' }]],
    [
      'an object after an absent text',
      [200, undefined, { 'cache-control': 'public', 'X-Own': '1' }],
    ],
    ['an object after a text', [200, 'Fine', { 'cache-control': 'public', 'X-Own': '1' }]],
    ['a list', [200, ['Cache-Control', 'public', 'X-Own', '1']]],
    [
      'a list of pairs',
      [
        200,
        [
          ['CACHE-CONTROL', 'public'],
          ['X-Own', ['1']],
        ],
      ],
    ],
  ])('beforeHead holds a header against %s of writeHead', (_form, parameters) => {
    const { res, start } = hold();
    start();
    res.setHeader('Surrogate-Control', 'max-age=60');
    Reflect.apply(res.writeHead, res, parameters);
    expect(res.getHeaders()).toEqual({ 'cache-control': 'no-store', 'x-own': '1' });
  });

  it('beforeHead keeps all values of a header that a list names twice, or a pair has as a list', () => {
    for (const headers of [
      ['Set-Cookie', 'a=1', 'X-Own', '1', 'set-cookie', 'b=2'],
      [
        ['Set-Cookie', ['a=1', 'b=2']],
        ['X-Own', 1],
        ['X-None', []],
      ],
    ]) {
      const { res, start } = hold();
      start();
      Reflect.apply(res.writeHead, res, [200, headers]);
      expect(res.getHeaders()).toEqual({
        'cache-control': 'no-store',
        'set-cookie': ['a=1', 'b=2'],
        'x-own': '1',
      });
    }
  });

  it.each([[[200, null]], [[200, 'Fine']], [[200, 'Fine', null]]])(
    'beforeHead accepts the parameters %j of writeHead, which have no headers',
    (parameters) => {
      const { res, start } = hold();
      start();
      Reflect.apply(res.writeHead, res, parameters);
      expect(res.getHeaders()).toEqual({ 'cache-control': 'no-store' });
    },
  );

  it('beforeHead keeps the caching headers of other servers if the response may be kept', () => {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    beforeHead(res, () => res.setHeader('Cache-Control', 'private'));
    res.setHeader('Surrogate-Control', 'max-age=60');
    res.writeHead(200);
    expect(res.getHeader('surrogate-control')).toBe('max-age=60');
  });

  it('beforeHead holds a header against a middleware that wrapped writeHead before', () => {
    const { res, start } = hold();
    const { writeHead } = res;
    res.writeHead = ((...parameters: Parameters<typeof writeHead>) => {
      res.setHeader('Cache-Control', 'public').setHeader('X-Own', '1');
      return Reflect.apply(writeHead, res, parameters);
    }) as typeof writeHead;
    start();
    res.writeHead(200);
    expect(res.getHeaders()).toEqual({ 'cache-control': 'no-store', 'x-own': '1' });
  });

  it('beforeHead applies every change of a response, also beneath a wrapper of writeHead', () => {
    const { res, start } = hold();
    const calls: string[] = [];
    start();
    beforeHead(res, () => calls.push('second'));
    const { writeHead } = res;
    res.writeHead = ((...parameters: Parameters<typeof writeHead>) => {
      calls.push('wrapper');
      return Reflect.apply(writeHead, res, parameters);
    }) as typeof writeHead;
    beforeHead(res, () => calls.push('third'));
    res.setHeader('Cache-Control', 'public');
    res.writeHead(200, { 'X-Own': '1' });
    expect(calls.slice(0, 3)).toEqual(['third', 'wrapper', 'second']);
    expect(res.getHeaders()).toEqual({ 'cache-control': 'no-store', 'x-own': '1' });
  });

  it('beforeHead creates no function in the old generation of V8, which would keep the response', async () => {
    const find = () => {
      const { res, start } = hold();
      start();
      return [res.writeHead];
    };
    expect(await areYoung(find)).toBe(true);
  });

  it('beforeHead replaces setHeader only where a middleware has wrapped writeHead', () => {
    const { res, start } = hold();
    start();
    res.writeHead(200);
    expect(Object.hasOwn(res, 'setHeader')).toBe(false);
  });
});

describe('applyCaching', () => {
  const response = () => new ServerResponse(new IncomingMessage(new Socket()));

  it('applyCaching sets what is chosen from the present header, and removes what would override it', () => {
    const res = response();
    res.setHeader('Cache-Control', 'max-age=60');
    res.setHeader('CDN-Cache-Control', 'max-age=60');
    res.setHeader('X-Own', '1');
    applyCaching(res, (present) => `private, ${present}`);
    expect(res.getHeaders()).toEqual({ 'cache-control': 'private, max-age=60', 'x-own': '1' });
  });

  it('applyCaching gives undefined to the choice if there is no header', () => {
    const res = response();
    applyCaching(res, (present) => (present === undefined ? 'no-store' : 'private'));
    expect(res.getHeaders()).toEqual({ 'cache-control': 'no-store' });
  });
});
