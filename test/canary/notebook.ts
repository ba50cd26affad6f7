import { partsOf } from './texts.js';

/** How many secrets are remembered: a test may issue a million, and writes of the last ones if of any. */
const MOST_SECRETS = 300;
/** After so many things that were written it is time to look. */
const MOST_NOTES = 4_000;
const WINDOW = 16;
/**
 * Session ids are for everyone to see. Where a simulation draws its bytes from a seed, those of an id may be those of a
 * secret in another of its histories.
 */
const ID = /(?<![\w-])[\w-]{32}(?![\w-])/g;
/** Texts of tests are not drawn by lot. */
const LEAST_CHARACTERS = 12;

/** Secrets of tokens as they pass by, and what was written since it was last looked at. */
export interface Notebook {
  /** What was hashed: remembered if it is the secret of a token, or a signed one. */
  learn(hashed: string): void;
  note(sink: string, what: unknown): void;
  /** Where a secret was written since the last time. */
  takeLeaks(): readonly string[];
}

export function createNotebook(): Notebook {
  const secrets: string[] = [];
  const notes: (readonly [string, unknown])[] = [];
  const leaks = new Set<string>();
  let next = 0;

  function look(): void {
    const windows = new Set(secrets.flatMap(windowsOf));
    const seen = new Set<string>();
    for (const [sink, what] of notes) {
      for (const text of partsOf(what, ['stack'])) {
        if (text.length < WINDOW || seen.has(sink + text)) continue;
        seen.add(sink + text);
        const rest = text.replaceAll(ID, '…');
        if (windowsOf(rest).some((window) => windows.has(window))) leaks.add(sink);
      }
    }
    notes.length = 0;
  }

  return {
    learn(hashed) {
      const secret = hashed.startsWith('eyJ') ? (hashed.split('.')[2] ?? '') : hashed;
      if (!/^[\w-]{43,}$/.test(secret) || new Set(secret).size < LEAST_CHARACTERS) return;
      secrets[next % MOST_SECRETS] = secret;
      next += 1;
    },
    note(sink, what) {
      // Only kept for now: tests measure times, and looking takes some.
      notes.push([sink, what]);
      if (notes.length > MOST_NOTES) look();
    },
    takeLeaks() {
      if (notes.length > 0) look();
      const taken = [...leaks];
      leaks.clear();
      return taken;
    },
  };
}

function windowsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - WINDOW + 1) }, (_, at) =>
    text.slice(at, at + WINDOW),
  );
}
