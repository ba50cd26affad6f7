import { execFile } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/**
 * Compiles each file of a folder as a program, against the built declarations. They are programs of their own because
 * their ambient declarations contradict each other.
 */
export function compilePrograms(folder: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  it.each(files)('compiles %s', async (file) => {
    const config = join(folder, `tsconfig.${file}.json`);
    writeFileSync(config, JSON.stringify({ extends: './tsconfig.json', files: [file] }));
    try {
      const { stdout } = await promisify(execFile)(join('node_modules', '.bin', 'tsc'), [
        '-p',
        relative('.', config),
      ]).catch((failure: { stdout: string }) => failure);
      expect(stdout).toBe('');
    } finally {
      rmSync(config);
    }
  });
}
