import { createHash } from 'node:crypto';

/** A script and the name it goes by on the server. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export function toScript(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
