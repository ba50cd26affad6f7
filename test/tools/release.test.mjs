import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import lines from '../../tools/changelog-lines.cjs';
import { published } from '../../tools/lib.mjs';
import { releaseNotes } from '../../tools/release.mjs';

describe('release notes', () => {
  const changelog =
    '# @sess/x\n\n## 0.2.0\n\n### Minor Changes\n\n- Second.\n\n## 0.1.0\n\n- First.\n';

  it('releaseNotes returns the section of one version', () => {
    expect(releaseNotes(changelog, '0.2.0')).toBe('### Minor Changes\n\n- Second.');
    expect(releaseNotes(changelog, '0.1.0')).toBe('- First.');
    expect(releaseNotes(changelog, '0.1')).toBe('');
    expect(releaseNotes('', '0.1.0')).toBe('');
  });

  it('a CHANGELOG holds the sentences of changesets and no line about dependencies', async () => {
    expect(await lines.getReleaseLine({ summary: 'One thing.\n' })).toBe('- One thing.');
    expect(await lines.getDependencyReleaseLine()).toBe('');
  });
});

describe('npm run release', () => {
  it.each([[[]], [['--help']], [['--publish']], [['publish', '--help']], [['constructor']]])(
    'refuses the arguments %j and publishes nothing',
    (args) => {
      const { status, stdout } = spawnSync(process.execPath, ['tools/release.mjs', ...args]);
      expect([status, String(stdout)]).toEqual([2, '']);
    },
  );
});

describe('changesets', () => {
  const names = readdirSync('.changeset').filter((name) => name.endsWith('.md'));
  const packages = published().map(({ manifest }) => manifest.name);

  it('every changeset names published packages and is one sentence that begins with its kind', () => {
    for (const name of names) {
      const text = readFileSync(`.changeset/${name}`, 'utf8');
      const [, head, sentence] =
        /^---\n((?:['"](?:@sess\/)?[\w-]+['"]: \w+\n)+)---\n\n(.+)\n$/.exec(text) ?? [];
      expect(sentence, name).toMatch(/^(?:Add|Fix|Change|Remove) .*\.$/);
      for (const [, full, bump] of head.matchAll(/['"](.+)['"]: (\w+)/g)) {
        expect(packages, name).toContain(full);
        expect(['patch', 'minor', 'major'], name).toContain(bump);
      }
    }
  });
});
