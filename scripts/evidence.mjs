// npm run evidence: writes docs/security/evidence.md, and says which requirements no test shows.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findGaps, findTitles } from './evidence/evidence.mjs';
import { writePage } from './evidence/page.mjs';
import { readRequirements } from './evidence/requirements.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const requirements = readRequirements(readFileSync(join(root, 'docs/requirements.md'), 'utf8'));
const titles = findTitles(root);
writeFileSync(join(root, 'docs/security/evidence.md'), writePage(requirements, titles));

const gaps = findGaps(requirements, titles);
for (const gap of gaps) process.stdout.write(`${gap}\n`);
const shown = titles.filter(({ ids }) => ids.length > 0).length;
process.stdout.write(
  `evidence: ${requirements.groups.flatMap((group) => group.requirements).length} requirements, shown by ${shown} tests\n`,
);
process.exit(gaps.length > 0 ? 1 : 0);
