// Copies of the repository to try things out in: its files as they lie here, committed or not.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** With the history, which changesets reads for its notes. */
export function cloneTree(from, to) {
  execFileSync('git', ['clone', '--quiet', '--no-checkout', from, to], { stdio: 'pipe' });
  copyTree(from, to);
}

/** Only what git knows or would take. */
export function copyTree(from, to) {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', args, { cwd: from, encoding: 'utf8', maxBuffer: 2 ** 25 });
  for (const name of names.split('\0')) {
    if (name === '' || !existsSync(join(from, name))) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(join(from, name), join(to, name));
  }
}
