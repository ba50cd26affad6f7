import { describe, expect, it } from 'vitest';
import { deviceOf } from '../../src/http/device.js';
import { exchangeOf } from './exchange-of.js';

describe('deviceOf', () => {
  it('deviceOf returns the User-Agent and the address, and leaves out what a request does not show', () => {
    const headers = { 'user-agent': 'suite/1.0' };
    const ip = '192.0.2.1';
    expect(deviceOf(exchangeOf({ headers, ip }))).toStrictEqual({ userAgent: 'suite/1.0', ip });
    expect(deviceOf(exchangeOf({ headers }))).toStrictEqual({ userAgent: 'suite/1.0' });
    expect(deviceOf(exchangeOf({ ip }))).toStrictEqual({ ip });
    expect(deviceOf(exchangeOf({}))).toStrictEqual({});
  });

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '::ffff:c000:201'],
    ['2001:db8::ffff:192.0.2.1', '2001:db8::ffff:192.0.2.1'],
  ])('deviceOf notes the address %s as %s', (ip, noted) => {
    expect(deviceOf(exchangeOf({ ip }))).toEqual({ ip: noted });
  });
});
