import type { Device, Session, Sessions } from '@sess/core';
import { type ParsedResult, parse } from 'bowser';

/** Names of a device, for people. All of them come from its `User-Agent` header. */
export interface DeviceNames {
  /** Such as `Firefox 140`. */
  readonly browser?: string;
  /** Such as `Windows`. Without a version: browsers do not send the true one any more. */
  readonly system?: string;
  readonly kind: 'desktop' | 'phone' | 'unknown';
}

/** An entry of the list of devices. Times are epoch milliseconds. */
export interface ListedDevice extends DeviceNames {
  readonly sid: string;
  /** True for the session of the request. */
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

/** Returns the names of a device, read from its `User-Agent` header. */
export function describeDevice({ userAgent = '' }: Device): DeviceNames {
  // The parser throws for an empty header.
  const { browser, os, platform } = userAgent === '' ? NOTHING : parse(userAgent);
  // The parser knows browsers, and returns '' for other programs.
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

/** Returns `curl` of `curl/8.5.0`: other programs name themselves first (RFC 9110, section 10.1.5). */
function nameOfProgram(userAgent: string): string | undefined {
  return /^[\w!#$%&'*+.^`|~-]+/.exec(userAgent)?.[0];
}

/**
 * Returns the devices on which a user is signed in: the current one, then by last use.
 *
 * @throws {NotSupportedError} not_supported if the engine is stateless
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

/** Returns the IPv4 address of an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2). */
function plainAddress(ip: string): string {
  return ip.replace(/^::ffff:(?=\d+\.)/i, '');
}
