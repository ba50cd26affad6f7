// Reads the command line.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export const USAGE = `npm run load -- [--seconds=600] [--only=NAME,NAME] [--tokens=KIND] [--seed=N] [--no-drain]

  --seconds   duration of the load on each example; default: 600
  --only      express, fastify, hono; default: all, one after the other
  --tokens    opaque or jwt; default: opaque
  --seed      repeats the choices of a run; default: a new one, which is printed
  --no-drain  checks the lifetime of the keys in Redis instead of waiting until they have expired
`;

const EXAMPLES = ['express', 'fastify', 'hono'];
const KINDS = ['opaque', 'jwt'];
const LONGEST = 86_400;

/** @throws {Error} with a message to print above the usage */
export function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '600' },
      only: { type: 'string', default: EXAMPLES.join() },
      tokens: { type: 'string', default: 'opaque' },
      seed: { type: 'string' },
      'no-drain': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    isHelp: values.help,
    isDrained: !values['no-drain'],
    seconds: number('seconds', values.seconds, { min: 5, max: LONGEST }),
    seed: number('seed', values.seed ?? String(randomInt(2 ** 31)), { min: 0, max: 2 ** 32 }),
    examples: values.only.split(',').map((name) => oneOf('example', name.trim(), EXAMPLES)),
    tokens: oneOf('kind of token', values.tokens, KINDS),
  };
}

function number(name, text, { min, max }) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name}: expected a whole number from ${min} to ${max}, got '${text}'`);
}

function oneOf(what, text, known) {
  if (known.includes(text)) return text;
  throw new Error(`expected a ${what} of ${known.join(', ')}, got '${text}'`);
}
