import { describe, expect, it } from 'vitest';
import { createMistake } from '../../src/http/mistakes.js';

describe('createMistake', () => {
  it.each([
    ['middleware_conflict', 'req.session: expected one middleware to own it', ' Mount it first.'],
    ['middleware_missing', 'req.session: expected the session middleware', 'Write Mount it first.'],
    ['answer_sent', 'req.session: expected a response that is not sent yet', 'Await start()'],
    ['invalid_argument', 'req.session: expected to be called', 'Write req.session() with'],
  ] as const)('createMistake names the property and the repair of %s', (code, begin, repair) => {
    const error = createMistake(code, 'req.session', 'Mount it first.');
    expect(error).toMatchObject({ name: 'UsageError', code });
    expect(error.message.startsWith(begin)).toBe(true);
    expect(error.message).toContain(repair);
  });
});
