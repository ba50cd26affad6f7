import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Created, createProject, KINDS, type ProjectOptions, STORES } from 'create-sess';
import { expect } from './expect.js';

const parent = mkdtempSync(join(tmpdir(), 'create-'));
for (const kind of KINDS) {
  for (const store of STORES) {
    const options: ProjectOptions = { folder: join(parent, `${kind}-${store}`), kind, store };
    const { folder }: Created = createProject(options);
    expect(existsSync(join(folder, 'test', 'app.test.ts')), 'the package has its template');
  }
}
rmSync(parent, { recursive: true });
