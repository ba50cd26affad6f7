// Verification of signed tokens, the first time and again, beside jose with the same key and claims.
import { createGroup } from '../groups.mjs';
import { inTurns, timed } from '../measure.mjs';
import { createKeys, signForPeers } from '../peers/jwt-keys.mjs';
import { createOursJwt, createOursStateless } from '../peers/ours-jwt.mjs';
import { subjectNamed } from '../sample.mjs';

export const JOSE = 'jose, jwtVerify';
export const FAST_JWT = 'fast-jwt';
export const FIRST = 'ours, first';
/** More tokens than an engine caches: each verification in turn is a first one. */
const UNCACHED = 20_000;
export const REPEATED = 'ours, repeated';

export async function measureJwt({ settings, onRound }) {
  const groups = [];
  for (const alg of ['HS256', 'ES256']) groups.push(await measure(alg, settings, onRound));
  return groups;
}

async function measure(alg, settings, onRound) {
  const keys = await createKeys(alg);
  const own = {
    [FIRST]: createOursJwt(keys),
    [REPEATED]: createOursJwt(keys),
    'ours, repeated, with a denylist': createOursJwt(keys, { revocation: 'denylist' }),
    'ours, stateless with a denylist, repeated': createOursStateless(keys),
  };
  const { milliseconds, spread } = settings;
  const tasks = {};
  let samples = [];
  for (const [name, contender] of Object.entries(own)) {
    const count = name === FIRST ? UNCACHED : spread;
    const tokens = await Promise.all(
      Array.from({ length: count }, (_, n) => contender.signIn(subjectNamed('jwt', n))),
    );
    // Counted over all rounds: each of them begins with the same numbers, whose tokens would be cached.
    let next = 0;
    const verify = () => {
      next = (next + 1) % count;
      return contender.verify(tokens[next]);
    };
    tasks[name] = timed(verify, { milliseconds });
    if (name === REPEATED) samples = tokens;
  }
  const { verifiers, leftOut } = await gatherVerifiers(keys);
  const tokens = await Promise.all(samples.map((token) => signForPeers(keys, token)));
  for (const [name, { verify, isAtOnce }] of Object.entries(verifiers)) {
    try {
      await verify(tokens[0]);
      tasks[name] = timed((n) => verify(tokens[n % spread]), { isAtOnce, milliseconds });
    } catch (error) {
      leftOut.push(`${name} is left out: ${error.message}`);
    }
  }
  const seen = await inTurns(tasks, {
    rounds: settings.rounds,
    onRound: (n, of) => onRound(alg, n, of),
  });
  for (const contender of Object.values(own)) await contender.close();
  return createGroup({
    id: `jwt-${alg}`,
    title: `Verify a JWT, ${alg}, 1 at a time`,
    unit: 'µs',
    seen,
    baseline: JOSE,
    notes: [
      `@sess checks expiry and revocation each time, repeated or not. The cache of fast-jwt returns synchronously and does not check revocation.`,
      ...leftOut,
    ],
  });
}

async function gatherVerifiers(keys) {
  const makers = {
    [JOSE]: async () => ({ verify: (await import('../peers/jose.mjs')).createJose(keys) }),
    [FAST_JWT]: async () => ({
      verify: (await import('../peers/fast-jwt.mjs')).createFastJwt(keys),
      isAtOnce: true,
    }),
    'fast-jwt, its cache': async () => ({
      verify: (await import('../peers/fast-jwt.mjs')).createFastJwt(keys, { cache: true }),
      isAtOnce: true,
    }),
    'hono/jwt': async () => ({
      verify: (await import('../peers/hono-jwt.mjs')).createHonoJwt(keys),
    }),
  };
  const verifiers = {};
  const leftOut = [];
  for (const [name, make] of Object.entries(makers)) {
    try {
      verifiers[name] = await make();
    } catch (error) {
      leftOut.push(`${name} is left out: ${error.message}`);
    }
  }
  return { verifiers, leftOut };
}
