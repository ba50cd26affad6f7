import type { Device, Session, Sessions } from '@sess/core';
import { type ParsedResult, parse } from 'bowser';

/** What a device calls itself, for people. All of it is the device's own word. */
export interface DeviceNames {
  /** Such as `Firefox 140`. */
  readonly browser?: string;
  /** Such as `Windows`. Without a version: browsers have stopped telling the true one. */
  readonly system?: string;
  readonly kind: 'desktop' | 'phone' | 'unknown';
}

/** An entry of the list of devices. Times are epoch milliseconds. */
export interface ListedDevice extends DeviceNames {
  readonly sid: string;
  /** Whether it is the one that asks. */
  readonly current: boolean;
  readonly label?: string;
  readonly ip?: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

const KINDS: Readonly<Record<string, DeviceNames['kind']>> = {
  desktop: 'desktop',
  mobile: 'phone',
  tablet: 'phone',
};

/** Names a device by its `User-Agent` header. */
export function describeDevice({ userAgent = '' }: Device): DeviceNames {
  // The parser takes an empty header for a mistake of its caller.
  const { browser, os, platform } = userAgent === '' ? NOTHING : parse(userAgent);
  // It knows browsers, and says '' of everything else.
  const program = browser.name || nameOfProgram(userAgent);
  const major = /^\d+/.exec(browser.version ?? '')?.[0];
  return {
    ...(program === undefined
      ? {}
      : { browser: major === undefined ? program : `${program} ${major}` }),
    ...(os.name ? { system: os.name } : {}),
    kind: KINDS[platform.type ?? ''] ?? 'unknown',
  };
}

const NOTHING: ParsedResult = { browser: {}, os: {}, platform: {}, engine: {} };

/** `curl` of `curl/8.5.0`: what is no browser names itself first (RFC 9110, section 10.1.5). */
function nameOfProgram(userAgent: string): string | undefined {
  return /^[\w!#$%&'*+.^`|~-]+/.exec(userAgent)?.[0];
}

/**
 * The devices on which a user is signed in: the one that asks, then the one that was used last.
 *
 * @throws NotSupportedError where sessions are kept in nothing but their tokens
 */
export async function listDevices(
  sessions: Sessions,
  session: Session,
): Promise<{ readonly devices: readonly ListedDevice[] }> {
  const all = await sessions.list(session.subject);
  const devices = all.map(({ sid, device, createdAt, lastUsedAt }) => ({
    sid,
    current: sid === session.sid,
    ...(device.label === undefined ? {} : { label: device.label }),
    ...describeDevice(device),
    ...(device.ip === undefined ? {} : { ip: plainAddress(device.ip) }),
    createdAt,
    lastUsedAt,
  }));
  devices.sort((a, b) => Number(b.current) - Number(a.current) || b.lastUsedAt - a.lastUsedAt);
  return { devices };
}

/** Servers that listen for both kinds of addresses see an IPv4 one in IPv6 dress. */
function plainAddress(ip: string): string {
  return ip.replace(/^::ffff:(?=\d+\.)/i, '');
}
