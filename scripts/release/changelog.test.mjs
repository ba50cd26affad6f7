import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { workspace } from '../setup.mjs';
import { releaseNotes } from './changelog.mjs';
import lines from './changelog-lines.cjs';

describe('release notes', () => {
  const changelog =
    '# @sess/x\n\n## 0.2.0\n\n### Minor Changes\n\n- Second.\n\n## 0.1.0\n\n- First.\n';

  it('are those of one version', () => {
    expect(releaseNotes(changelog, '0.2.0')).toBe('### Minor Changes\n\n- Second.');
    expect(releaseNotes(changelog, '0.1.0')).toBe('- First.');
    expect(releaseNotes(changelog, '0.1')).toBe('');
    expect(releaseNotes('', '0.1.0')).toBe('');
  });

  it('are the sentences of changesets, and none about dependencies', async () => {
    expect(await lines.getReleaseLine({ summary: 'One thing.\n' })).toBe('- One thing.');
    expect(await lines.getDependencyReleaseLine()).toBe('');
  });
});

describe('changesets', () => {
  const names = readdirSync('.changeset').filter((name) => name.endsWith('.md'));
  const published = workspace()
    .filter(({ manifest }) => !manifest.private)
    .map(({ manifest }) => manifest.name);

  it('can be read, name packages that are published, and are one sentence', () => {
    for (const name of names) {
      const text = readFileSync(`.changeset/${name}`, 'utf8');
      const [, head, sentence] =
        /^---\n((?:'@sess\/[\w-]+': \w+\n)+)---\n\n(.+)\n$/.exec(text) ?? [];
      expect(sentence, `${name} has a head, an empty line and one line`).toMatch(/^[A-Z].*\.$/);
      for (const [, full, bump] of head.matchAll(/'(.+)': (\w+)/g)) {
        expect(published, name).toContain(full);
        expect(['patch', 'minor', 'major'], name).toContain(bump);
      }
    }
  });
});
