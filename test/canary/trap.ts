import { createHash } from 'node:crypto';
import { textsOf } from './texts.js';

/** As long as what a log may show of a secret, twice: less may be chance, more never is. */
const WINDOW = 16;

/** Stores keep digests; they are for nobody else. */
const STORE = new Set(['command', 'store']);

/** Secrets, what was written meanwhile, and which of the ones stand in the others. */
export interface Trap {
  /** A text that must be found nowhere, in any encoding or part. */
  secret(kind: string, text: string): void;
  /** The secret parts of a token of any kind, and the digests of them. */
  token(text: string | undefined): void;
  /** Something that somebody may read, and where. */
  wrote(sink: string, what: unknown): void;
  /** How many secrets there are. */
  readonly secrets: () => number;
  /** How often something was written, by where. */
  readonly sinks: () => Readonly<Record<string, number>>;
  /** What was found where, in words: `access token in log`. */
  readonly leaks: () => readonly string[];
}

export function createTrap(): Trap {
  const kinds = new Map<string, string>();
  const written: (readonly [string, unknown])[] = [];

  function secret(kind: string, text: string): void {
    if (text.length >= WINDOW) kinds.set(text, kind);
  }

  function digested(kind: string, text: string): void {
    secret(kind, text);
    const digest = createHash('sha256').update(text);
    secret(`digest of ${kind}`, digest.copy().digest('base64url').slice(0, 22));
    secret(`digest of ${kind}`, digest.digest('hex'));
  }

  return {
    secret,
    token(text) {
      const parts = text?.split('.') ?? [];
      if (text?.startsWith('sat_')) digested('access token', parts[1] ?? '');
      else if (text?.startsWith('srt_')) {
        secret('family', parts[1]?.slice(0, WINDOW) ?? '');
        digested('refresh token', parts[2] ?? '');
      } else if (text?.startsWith('eyJ')) secret('signed token', parts[2] ?? '');
    },
    wrote: (sink, what) => void written.push([sink, what]),
    secrets: () => kinds.size,
    sinks() {
      const counts: Record<string, number> = {};
      for (const [sink] of written) counts[sink] = (counts[sink] ?? 0) + 1;
      return counts;
    },
    leaks() {
      const windows = new Map<string, string>();
      for (const [text, kind] of kinds) {
        for (const form of formsOf(text))
          for (const window of windowsOf(form)) windows.set(window, kind);
      }
      // Most of what is written is written again and again.
      const looked = new Map<string, Set<string>>();
      const leaks = new Set<string>();
      for (const [sink, what] of written) {
        const before = looked.get(sink) ?? new Set();
        looked.set(sink, before);
        for (const text of textsOf(what)) {
          if (text.length < WINDOW || before.has(text)) continue;
          before.add(text);
          for (const kind of kindsIn(text, windows))
            if (!(STORE.has(sink) && kind.startsWith('digest'))) leaks.add(`${kind} in ${sink}`);
        }
      }
      return [...leaks];
    },
  };
}

function kindsIn(text: string, windows: ReadonlyMap<string, string>): ReadonlySet<string> {
  const kinds = new Set<string>();
  for (const window of windowsOf(text)) {
    const kind = windows.get(window);
    if (kind !== undefined) kinds.add(kind);
  }
  return kinds;
}

function* windowsOf(text: string): Generator<string> {
  for (let at = 0; at + WINDOW <= text.length; at += 1) yield text.slice(at, at + WINDOW);
}

/** A text as it may be met: as it is, as the bytes that it stands for, and within something that was encoded. */
function formsOf(text: string): readonly string[] {
  const forms = [text, encodeURIComponent(text)];
  const own = Buffer.from(text);
  const meant = /^[\w-]+$/.test(text) ? [Buffer.from(text, 'base64url')] : [];
  for (const bytes of [own, ...meant]) {
    forms.push(bytes.toString('hex'), bytes.toString('latin1'));
    // Where it begins within a group of three bytes decides how it looks.
    for (const before of [0, 1, 2]) {
      const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
      const whole = shifted.length - (shifted.length % 3);
      for (const encoding of ['base64', 'base64url'] as const)
        forms.push(
          shifted
            .subarray(0, whole)
            .toString(encoding)
            .slice(before === 0 ? 0 : 4),
        );
    }
  }
  return forms;
}
