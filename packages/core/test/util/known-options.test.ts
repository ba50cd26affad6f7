import { describe, expect, it } from 'vitest';
import { assertKnown } from '../../src/util/options.js';
import { refusalOf } from '../refusal.js';

const KNOWN = new Set(['idleTtl', 'grace']);

describe('assertKnown', () => {
  it.each([{}, { idleTtl: 1 }, { grace: undefined, idleTtl: 1 }])(
    'lets known options pass: %o',
    (options) => {
      expect(() => assertKnown('createSessions', options, KNOWN)).not.toThrow();
    },
  );

  it('names the misspelt option, whose it is, and those that there are', () => {
    const { code, message } = refusalOf(() =>
      assertKnown('createSessions', { idleTTL: '7d' }, KNOWN),
    );
    expect(code).toBe('invalid_option');
    expect(message).toBe(
      "createSessions: there is no option 'idleTTL'. Known are: idleTtl, grace.",
    );
  });

  it('does not take a name that every object has for a known one', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const options = JSON.parse(`{ "${name}": 1 }`) as object;
      expect(refusalOf(() => assertKnown('csrf', options, KNOWN)).message).toContain(`'${name}'`);
    }
  });

  it.each([null, true, 'lax', 7])('asks for an object in place of %j', (options) => {
    const { code, message } = refusalOf(() => assertKnown('cookie', options as never, KNOWN));
    expect(code).toBe('invalid_option');
    expect(message).toMatch(/^cookie: expected an object of options, got /);
  });
});
