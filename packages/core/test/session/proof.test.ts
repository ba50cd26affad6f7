import { describe, expect, it } from 'vitest';
import { proofOf, readProof } from '../../src/session/proof.js';

describe('the proof of a user', () => {
  it('has the members that were given, and no other', () => {
    expect(readProof({})).toEqual({});
    expect(Object.keys(readProof({ acr: 'two' }))).toEqual(['acr']);
    expect(Object.keys(readProof({ amr: ['pwd'] }))).toEqual(['amr']);
    expect(readProof({ acr: 'two', amr: ['pwd', 'otp'] })).toEqual({
      acr: 'two',
      amr: ['pwd', 'otp'],
    });
    expect(proofOf({ acr: undefined, amr: undefined })).toBe(
      proofOf({ acr: undefined, amr: undefined }),
    );
  });

  it('has a frozen copy of at most 16 methods', () => {
    const amr = Array.from({ length: 16 }, (_, index) => `m${index}`);
    const proof = readProof({ amr });
    amr[0] = 'changed';
    expect(proof.amr?.[0]).toBe('m0');
    expect(proof.amr).toHaveLength(16);
    expect(Object.isFrozen(proof.amr)).toBe(true);
    expect(() => readProof({ amr: [...amr, 'one-more'] })).toThrow(/^amr: /);
  });

  it.each([
    ['acr', { acr: '' }],
    ['acr', { acr: 'a b' }],
    ['acr', { acr: 1 as never }],
    ['amr', { amr: 'pwd' as never }],
    ['amr', { amr: ['pwd', ''] }],
    ['amr', { amr: ['', 'pwd'] }],
  ])('is refused by the name %s in %j', (name, given) => {
    expect(() => readProof(given)).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        message: expect.stringMatching(new RegExp(`^${name}: `)),
      }),
    );
  });
});
