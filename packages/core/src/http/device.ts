import type { Device } from '../types.js';
import type { Exchange } from './exchange.js';

/** Returns what a request shows of the device of its client. */
export function deviceOf(exchange: Exchange): Device {
  const userAgent = exchange.header('user-agent');
  // An IPv4 client of a dual-stack listener has a mapped address (RFC 4291, section 2.5.5.2).
  const ip = exchange.ip?.replace(/^::ffff:(?=\d+\.)/i, '');
  return { ...(userAgent === undefined ? {} : { userAgent }), ...(ip === undefined ? {} : { ip }) };
}
