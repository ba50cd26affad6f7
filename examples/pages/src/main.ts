/*
 * `npm start pages` runs the pages on Express; `npm start pages fastify` and `npm start pages hono` run the others.
 * Sign in as ada@example.com with the password "correct horse".
 */
const programs: Readonly<Record<string, () => Promise<unknown>>> = {
  express: () => import('./express.js'),
  fastify: () => import('./fastify.js'),
  hono: () => import('./hono.js'),
};

const name = process.argv[3] ?? 'express';
const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
if (program === undefined) {
  console.error(`Expected the name of a framework, express, fastify or hono; got '${name}'.`);
  process.exit(2);
}
console.log('Sign in as ada@example.com with the password "correct horse".');
await program();
