import { createSessions } from '@sess/core';
import { createStatelessSessions } from '@sess/jwt';
import { describe, expect, it } from 'vitest';
import { describeDevice, listDevices } from '../src/devices.js';

describe('describeDevice', () => {
  it.each([
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      { browser: 'Safari 18', system: 'iOS', kind: 'phone' },
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
      { browser: 'Microsoft Edge 140', system: 'Windows', kind: 'desktop' },
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      { browser: 'Chrome 140', system: 'Android', kind: 'phone' },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      { browser: 'Safari 18', system: 'macOS', kind: 'desktop' },
    ],
    ['curl/8.5.0', { browser: 'curl', kind: 'unknown' }],
    ['', { kind: 'unknown' }],
    ['(', { kind: 'unknown' }],
  ])('%s', (userAgent, names) => {
    expect(describeDevice({ userAgent })).toEqual(names);
  });

  it('accepts an absent user agent, and parses a hostile one in bounded time', () => {
    expect(describeDevice({})).toEqual({ kind: 'unknown' });
    const begin = performance.now();
    for (const part of ['Mozilla/', '(a ', 'Version/1.', '; ', 'Android ']) {
      describeDevice({ userAgent: part.repeat(512).slice(0, 512) });
    }
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

describe('listDevices', () => {
  it('lists the current device first, then by last use', async () => {
    let now = Date.now();
    const sessions = createSessions({ clock: { now: () => now } });
    const start = async (ip: string) => {
      now += 1_000;
      return (await sessions.create({ subject: 'ada', device: { ip } })).session;
    };
    const first = await start('::ffff:192.0.2.1');
    await start('192.0.2.2');
    await start('2001:db8::1');
    const { devices } = await listDevices(sessions, first);
    expect(devices.map(({ ip, current }) => [ip, current])).toEqual([
      ['192.0.2.1', true],
      ['2001:db8::1', false],
      ['192.0.2.2', false],
    ]);
    await sessions.close();
  });

  it('throws not_supported for a stateless engine', async () => {
    const sessions = createStatelessSessions({
      keys: 'k'.repeat(32),
      issuer: 'https://sess.example',
      audience: 'https://sess.example',
    });
    const { session } = await sessions.create({ subject: 'ada' });
    await expect(listDevices(sessions, session)).rejects.toMatchObject({ code: 'not_supported' });
    await sessions.close();
  });
});
