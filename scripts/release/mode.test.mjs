import { describe, expect, it } from 'vitest';
import { chooseMode } from './mode.mjs';

describe('what the release script is asked for', () => {
  it.each(['--dry', '--notes', '--publish'])('is %s where that is written', (word) => {
    expect(chooseMode([word])).toBe(word);
  });

  it.each([[[]], [['--help']], [['--dry-run']], [['--publish', '--help']], [['constructor']]])(
    'is nothing, and so publishes nothing, with %j',
    (args) => {
      expect(chooseMode(args)).toBeUndefined();
    },
  );
});
