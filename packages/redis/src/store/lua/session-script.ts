import { type Script, toScript } from '../../client/run-script.js';
import { CONSTANTS, INDEX_HEADER, RECORD_HEADER } from './header.js';
import { linkScript } from './link.js';

/** Returns a script on the sessions of a subject. */
export function script(source: string): Script {
  return toScript(linkScript(RECORD_HEADER + INDEX_HEADER, source, CONSTANTS));
}

/** The caller has given up after `notAfter`, so nothing may be written later. */
export const UNLESS_LATE = (argument: number): string =>
  `if now > tonumber(ARGV[${argument}]) then return { 'late', now } end`;
