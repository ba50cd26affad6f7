// What the command line says.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export const USAGE = `npm run load -- [--seconds=600] [--only=NAME,NAME] [--tokens=KIND] [--seed=N] [--no-drain]

  --seconds   of load on each example; default: 600
  --only      of express, fastify, hono; default: all, one after the other
  --tokens    opaque or jwt; default: opaque
  --seed      of what is sent; default: a new one, which is shown
  --no-drain  looks at how long the keys in Redis have to live, instead of waiting until they are gone
`;

const EXAMPLES = ['express', 'fastify', 'hono'];
const KINDS = ['opaque', 'jwt'];
const LONGEST = 86_400;

/** @throws Error that says what is wrong, to be shown above the usage */
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
  throw new Error(`--${name}: '${text}' will not do; write a whole number from ${min} to ${max}`);
}

function oneOf(what, text, known) {
  if (known.includes(text)) return text;
  throw new Error(`there is no ${what} '${text}'; write one of ${known.join(', ')}`);
}
