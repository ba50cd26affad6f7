import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/guides/testing.md', 'utf8');

it.each(['supertest', 'inject', 'request'])(
  'the testing page shows %s.test.ts as it runs',
  (name) => {
    const file = readFileSync(`docs/test/${name}.test.ts`, 'utf8');
    expect(page).toContain(`\`\`\`ts\n${file}\`\`\`\n`);
  },
);
