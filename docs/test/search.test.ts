import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listPages } from '../../test/docs/blocks.js';

/** The parts that the search of the site finds: each from one heading to the next. */
const sections = listPages().flatMap((page) => readFileSync(page, 'utf8').split(/^(?=#+ )/m));

it.each(['nestjs', 'supertest', 'docker', 'rate limit', 'remember me', 'logout everywhere'])(
  'the site has a part with all words of the search for "%s"',
  (search) => {
    const words = search.split(' ').map((word) => new RegExp(`\\b${word}`, 'i'));
    const found = sections.filter((section) => words.every((word) => word.test(section)));
    expect(found).not.toEqual([]);
  },
);
