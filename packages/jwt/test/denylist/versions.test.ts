import { isCurrentVersion } from '@sess/core/store';
import { describe, expect, it } from 'vitest';
import { raiseVersion } from '../../src/denylist/memory-denylist.js';

const tokenOf = (sid: string, version: number) => ({ sid, jti: 'any', version });

describe('the version of a token', () => {
  it('is good when it is the subject’s, and neither when it is older nor when it is to come', () => {
    const head = { version: 5 };
    expect([4, 5, 6].map((version) => isCurrentVersion(head, tokenOf('a', version)))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('may be older in the session that was spared, as far back as it was spared', () => {
    const head = { version: 5, except: 'a', exceptFrom: 3 };
    const good = (sid: string) =>
      [2, 3, 4, 5, 6].filter((version) => isCurrentVersion(head, tokenOf(sid, version)));
    expect(good('a')).toEqual([3, 4, 5]);
    expect(good('b')).toEqual([5]);
  });

  it('an older version of the spared session is denied where no lower bound is known', () => {
    const head = { version: 5, except: 'a' };
    expect(isCurrentVersion(head, tokenOf('a', 4))).toBe(false);
  });
});

describe('denying all', () => {
  it('raises the version by one, or to the time if that is more', () => {
    expect(raiseVersion({ version: 7 }, { now: 3, except: undefined })).toStrictEqual({
      version: 8,
    });
    expect(raiseVersion({ version: 7 }, { now: 30, except: undefined })).toStrictEqual({
      version: 30,
    });
  });

  it('denying all of an unknown subject spares no session, because nothing shows which tokens were valid', () => {
    for (const except of [undefined, 'a']) {
      expect(raiseVersion(undefined, { now: 30, except })).toStrictEqual({ version: 30 });
    }
    expect(raiseVersion(undefined, { now: 0, except: 'a' })).toStrictEqual({ version: 1 });
  });

  it('but one spares what was good until then, and forgets whom it spared before', () => {
    const head = { version: 7, except: 'b', exceptFrom: 2 };
    expect(raiseVersion(head, { now: 0, except: 'a' })).toStrictEqual({
      version: 8,
      except: 'a',
      exceptFrom: 7,
    });
    expect(raiseVersion(head, { now: 0, except: undefined })).toStrictEqual({ version: 8 });
  });

  it('but one, and again, spares as much as the first time', () => {
    const head = { version: 7, except: 'a', exceptFrom: 2 };
    expect(raiseVersion(head, { now: 0, except: 'a' })).toMatchObject({ exceptFrom: 2 });
    const { exceptFrom: _, ...bare } = head;
    expect(raiseVersion(bare, { now: 0, except: 'a' })).toMatchObject({ exceptFrom: 7 });
  });
});
