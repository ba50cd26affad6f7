// Reads the command line.
import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [--only=PART,PART] [--quick] [--frameworks=NAME,NAME] [--out=FOLDER]

  --only        some of the parts, in their order; default: all
  --quick       seconds a part: shows that it runs; its figures are not valid
  --frameworks  of express, fastify, hono, for the parts slices, http and pages; default: all
  --out         where results are written; default: bench/results, and nowhere when quick
`;

const FRAMEWORKS = ['express', 'fastify', 'hono'];

/** @throws {Error} with a message to print above the usage */
export function readArguments(args, partNames) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      frameworks: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    isHelp: values.help,
    isQuick: values.quick,
    out: values.out,
    only: choose('part', values.only, partNames),
    frameworks: choose('framework', values.frameworks, FRAMEWORKS),
  };
}

function choose(what, text, known) {
  if (text === undefined) return known;
  const wanted = text.split(',').map((name) => name.trim());
  const stranger = wanted.find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new Error(`there is no ${what} '${stranger}'; write some of ${known.join(', ')}`);
  return known.filter((name) => wanted.includes(name));
}
