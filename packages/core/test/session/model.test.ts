import { createSessions, type Issued, type Sessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs, scaled } from '../../../../test/fuzzing.js';
import type { FakeClock } from '../../../../test/kit.js';

const GRACE = 10_000;
const ACCESS_TTL = 900_000;
const OVERLAP = 300_000;
const IDLE_TTL = 3_600_000;
const ABSOLUTE_TTL = 10_800_000;

interface Access {
  readonly token: string;
  generation: number;
  expiresAt: number;
}

/** What has to hold of one session, kept with its whole history and none of the engine's economies. */
interface Model {
  readonly sid: string;
  alive: boolean;
  /** Refresh tokens of the current family by generation, and when each was spent. */
  tokens: string[];
  spentAt: number[];
  access: Access[];
  /** Tokens of families that an elevation ended. */
  dead: string[];
  acknowledged: boolean;
  replayed: boolean;
  idleEnd: number;
  absoluteEnd: number;
  data: Record<string, unknown>;
}

type Operation =
  | { readonly kind: 'refresh'; readonly back: number }
  | { readonly kind: 'verify'; readonly back: number }
  | { readonly kind: 'wait'; readonly span: number }
  | { readonly kind: 'update'; readonly key: string; readonly value: number }
  | { readonly kind: 'elevate' | 'revoke' | 'dead' | 'forge' };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 80,
    arbitrary: fc.record({ kind: fc.constant('refresh'), back: fc.integer({ min: 0, max: 10 }) }),
  },
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('refresh'), back: fc.constant(0) }) },
  {
    weight: 60,
    arbitrary: fc.record({ kind: fc.constant('verify'), back: fc.integer({ min: 0, max: 12 }) }),
  },
  {
    weight: 80,
    arbitrary: fc.record({
      kind: fc.constant('wait'),
      span: fc.constantFrom(
        1,
        500,
        4_000,
        9_999,
        10_000,
        19_999,
        20_000,
        299_999,
        300_000,
        900_000,
        3_599_999,
        3_600_000,
      ),
    }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('update'),
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.integer(),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constantFrom('elevate', 'dead', 'forge') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('revoke') }) },
) as fc.Arbitrary<Operation>;

function begin(issued: Issued, now: number): Model {
  return {
    sid: issued.session.sid,
    alive: true,
    tokens: [issued.refreshToken],
    spentAt: [],
    access: [{ token: issued.accessToken, generation: 0, expiresAt: now + ACCESS_TTL }],
    dead: [],
    acknowledged: true,
    replayed: false,
    idleEnd: now + IDLE_TTL,
    absoluteEnd: now + ABSOLUTE_TTL,
    data: {},
  };
}

const end = (model: Model): number => Math.min(model.idleEnd, model.absoluteEnd);
const newest = (model: Model): number => model.tokens.length - 1;

/** What ROTATION says of a presented token, from the whole history. */
function predict(
  model: Model,
  generation: number,
  now: number,
): 'rotate' | 'repeat' | 'reuse' | 'over' | 'gone' {
  if (!model.alive) return 'gone';
  if (now >= end(model)) return 'over';
  // A repeated answer moves no end, and no answer moves the absolute one: tokens that are over at once are not given.
  const repeat = end(model) - now < 1_000 ? 'over' : 'repeat';
  const n = newest(model);
  const lastSpent = model.spentAt[n - 1];
  if (generation === n) {
    if (model.replayed && lastSpent !== undefined && now < lastSpent + 2 * GRACE) return repeat;
    return model.absoluteEnd - now < 1_000 ? 'over' : 'rotate';
  }
  const isWithinGrace = now - (model.spentAt[generation] ?? 0) < GRACE && n - generation <= 8;
  return isWithinGrace || (generation === n - 1 && !model.acknowledged) ? repeat : 'reuse';
}

/** Gives the newest pair anew, as the model knows it: an access token that has run out is replaced. */
function expectNewestPair(model: Model, issued: Issued, now: number): void {
  expect(issued.refreshToken).toBe(model.tokens.at(-1));
  const last = model.access.at(-1);
  // One that is about to run out is not handed out again.
  if (last !== undefined && last.expiresAt > now + 1_000) {
    expect(issued.accessToken).toBe(last.token);
  } else {
    expect(model.access.map((access) => access.token)).not.toContain(issued.accessToken);
    addAccess(model, issued, now);
  }
}

function addAccess(model: Model, issued: Issued, now: number): void {
  const expiresAt = Math.min(now + ACCESS_TTL, end(model));
  expect(issued.accessTokenExpiresAt).toBe(expiresAt);
  model.access.push({ token: issued.accessToken, generation: newest(model), expiresAt });
}

async function refresh(
  sessions: Sessions,
  model: Model,
  generation: number,
  now: number,
): Promise<void> {
  const token = model.tokens[generation] ?? '';
  const expected = predict(model, generation, now);
  const result = await sessions.refresh(token);
  if (expected === 'gone') {
    expect(result).toEqual({ ok: false, reason: 'unknown' });
  } else if (expected === 'over') {
    expect(result.ok).toBe(false);
    expect(result).not.toMatchObject({ reason: 'reused' });
  } else if (expected === 'reuse') {
    expect(result).toEqual({ ok: false, reason: 'reused' });
    model.alive = false;
  } else if (!result.ok) {
    expect.fail(
      `generation ${generation} of ${newest(model)} was ${result.reason}, not ${expected}`,
    );
  } else if (expected === 'repeat') {
    if (generation === newest(model)) model.acknowledged = true;
    else {
      if (now - (model.spentAt[generation] ?? 0) >= GRACE) model.spentAt[generation] = now;
      model.replayed = true;
    }
    expectNewestPair(model, result, now);
  } else {
    expect(model.tokens).not.toContain(result.refreshToken);
    model.spentAt[generation] = now;
    model.tokens.push(result.refreshToken);
    model.idleEnd = now + IDLE_TTL;
    model.acknowledged = false;
    model.replayed = false;
    for (const access of model.access) access.expiresAt = Math.min(access.expiresAt, now + OVERLAP);
    addAccess(model, result, now);
  }
  if (result.ok) {
    expect(result.session.expiresAt).toBe(end(model));
    expect(result.session.expiresAt).toBeLessThanOrEqual(model.absoluteEnd);
  }
}

async function verify(sessions: Sessions, model: Model, back: number, now: number): Promise<void> {
  const index = model.access.length - 1 - back;
  const access = model.access[index];
  if (access === undefined) return;
  const result = await sessions.verify(access.token);
  // The newest eight are live; eight at most are remembered.
  const isLive = model.alive && now < end(model) && now < access.expiresAt;
  if (isLive && back < 8) expect(result.ok).toBe(true);
  if (!isLive) expect(result.ok).toBe(false);
  if (result.ok && access.generation === newest(model)) model.acknowledged = true;
}

async function run(
  sessions: Sessions,
  model: Model,
  step: Operation,
  clock: FakeClock,
): Promise<void> {
  const now = clock.now();
  if (step.kind === 'wait') return clock.set(now + step.span);
  if (step.kind === 'refresh')
    return refresh(sessions, model, Math.max(0, newest(model) - step.back), now);
  if (step.kind === 'verify') return verify(sessions, model, step.back, now);
  const isLive = model.alive && now < end(model);
  if (step.kind === 'update') {
    const session = await sessions.update(model.sid, { [step.key]: step.value });
    if (isLive) model.data[step.key] = step.value;
    expect(session?.data).toEqual(isLive ? model.data : undefined);
  } else if (step.kind === 'revoke') {
    expect(await sessions.revoke(model.sid)).toBe(isLive);
    if (isLive) model.alive = false;
  } else if (step.kind === 'elevate') {
    const issued = await sessions.elevate(model.sid);
    expect(issued !== undefined).toBe(isLive);
    if (issued === undefined) return;
    const dead = [...model.dead, ...model.tokens, ...model.access.map((access) => access.token)];
    Object.assign(model, begin(issued, now), { data: model.data, dead });
  } else if (step.kind === 'dead') {
    for (const token of model.dead.slice(-3)) {
      const result = token.startsWith('srt_')
        ? await sessions.refresh(token)
        : await sessions.verify(token);
      expect(result).toEqual({ ok: false, reason: 'unknown' });
    }
  } else {
    const genuine = model.tokens.at(-1) ?? '';
    const forged = genuine.slice(0, -2) + (genuine.endsWith('AA') ? 'QA' : 'AA');
    expect((await sessions.refresh(forged)).ok).toBe(false);
  }
}

describe('a session against a model with its whole history', () => {
  it('a session rotates, replays, expires and reports theft exactly when the rules of rotation require it [rotation.lineage, rotation.reuse]', async () => {
    let replays = 0;
    let thefts = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 5, maxLength: 60, size: 'max' }),
        async (steps) => {
          const clock = createFakeClock();
          const sessions = createSessions({
            clock,
            logger: silentLogger,
            grace: GRACE / 1_000,
            accessOverlap: OVERLAP / 1_000,
            idleTtl: IDLE_TTL / 1_000,
            absoluteTtl: ABSOLUTE_TTL / 1_000,
          });
          let reuses = 0;
          sessions.on('refreshed', (event) => {
            if (event.replayed) replays += 1;
          });
          sessions.on('reuse', () => {
            reuses += 1;
          });
          const model = begin(await sessions.create({ subject: 'ada' }), clock.now());
          for (const step of steps) {
            const wasAlive = model.alive;
            const before = reuses;
            await run(sessions, model, step, clock);
            // Background settling runs on microtasks; a timer tick lets it finish.
            await new Promise((resolve) => setImmediate(resolve));
            const wasTheft = wasAlive && !model.alive && step.kind === 'refresh';
            expect(reuses - before).toBe(wasTheft ? 1 : 0);
          }
          thefts += reuses;
        },
      ),
      runs(1_500),
    );
    // The property would be empty if the interesting cases never came up.
    expect(replays).toBeGreaterThanOrEqual(scaled(500));
    expect(thefts).toBeGreaterThanOrEqual(scaled(50));
  }, 60_000);
});
