import { type Device, type Issued, isSessError, type Lifetimes, type Sessions } from '@sess/core';
import type { Adoption, Exchange, OldCredential } from '@sess/core/http';
import {
  type AdoptedContent,
  type AdoptionResult,
  contextOf,
  createAdoptions,
  createCallStore,
  deviceOf,
  type EngineContext,
  hideTokens,
  optionError,
  persistenceOf,
  toPresentResult,
} from '@sess/core/internal';
import { clearCookies, toOldRequest } from './cookies.js';
import { createDerivation } from './derive.js';
import type { AdoptSource, OldRequest, OldSession } from './source.js';

/** The options of `adopt`, validated. */
export interface AdoptionSettings {
  readonly from: AdoptSource;
  readonly secret: string | Uint8Array;
  readonly subject: (old: unknown) => string | undefined;
  readonly data: ((old: unknown) => object) | undefined;
  readonly keep: ((old: unknown) => object | undefined) | undefined;
  readonly authenticatedAt: ((old: unknown) => number | undefined) | undefined;
  readonly endOld: 'when-seen' | 'never';
}

/** What a middleware asks of the sessions that are taken over. `subjectOf`: how it reads the user from their data. */
interface Terms {
  readonly subjectOf?: ((data: object) => unknown) | undefined;
  readonly lifetimes?: Lifetimes | undefined;
}

/** Who takes an old session over. */
interface Taker extends Terms {
  readonly device: Device;
}

/** How long a call of the old system may take. Milliseconds. */
const TIMEOUT_MS = 2_000;
/** After a failure to end an old session, how long none is tried. Milliseconds. */
const PAUSE_MS = 10_000;

type Taken = Exclude<AdoptionResult, { readonly kind: 'spent' }>;

/** Creates the adoption of an engine, and has its `revokeAll` end old sessions, too. */
export function createAdoption(
  { sessions, context }: { readonly sessions: Sessions<never>; readonly context: EngineContext },
  given: AdoptionSettings,
): Adoption {
  const { from: source, endOld } = given;
  const { clock, logger } = context.settings;
  const adoptions = createAdoptions(context);
  const { seedOf, subjectMarkOf } = createDerivation(given.secret, source.name);
  const callOld = createCallStore({
    name: 'old session system',
    timeout: TIMEOUT_MS,
    clock,
    events: context.events,
    logger,
  });
  const isStored = source.end !== undefined;
  /** By credential: the parallel requests of a client share what they need from both systems. */
  const taking = new Map<string, Promise<AdoptionResult | undefined>>();
  const retiring = new Map<string, Promise<boolean>>();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let hasNoted = false;

  context.beforeRevokeAll.push(async (subject) => {
    await adoptions.endAll(subjectMarkOf(subject));
    await callOld('endAll', async () => source.endAll?.(subject));
  });

  async function load(credential: string): Promise<OldSession<unknown> | undefined> {
    const old = await callOld('load', async () => source.load(credential));
    return old?.expiresAt !== undefined && old.expiresAt <= clock.now() ? undefined : old;
  }

  const endOf = ({ expiresAt }: OldSession<unknown>) => ({ expiresAt, isFixed: !isStored });

  /** Returns what the new session begins with; `undefined` for a visitor of whom nothing is kept. */
  function toContent(
    old: OldSession<unknown>,
    { device, subjectOf, lifetimes }: Taker,
  ): AdoptedContent | undefined {
    const { data, persistent = true } = old;
    const subject = readSubject(given.subject(data));
    const all = subjectOf === undefined ? {} : (data as object);
    const kept =
      subject === undefined
        ? (given.keep ?? (() => unlessEmpty(all)))(data)
        : (given.data ?? (() => all))(data);
    if (kept === undefined) return undefined;
    if (subject !== undefined && subjectOf !== undefined && subjectOf(kept) !== subject) {
      throw optionError({
        option: 'adopt: data',
        expected: 'the data in which `subject` of session() finds the user',
        value: 'data of another user, or of none',
        repair: 'Leave data out, so that all of it goes over, or keep the member that it reads.',
      });
    }
    return {
      ...endOf(old),
      subject,
      data: kept,
      device,
      persistent,
      lifetimes,
      authenticatedAt: given.authenticatedAt?.(data) ?? old.authenticatedAt,
      subjectMark: subject === undefined ? '' : subjectMarkOf(subject),
    };
  }

  async function takeOver(credential: string, taker: Taker): Promise<AdoptionResult | undefined> {
    const seed = seedOf(credential);
    const known = await adoptions.find(seed);
    if (known !== undefined) return known;
    const old = await load(credential);
    if (old === undefined) return undefined;
    try {
      const content = toContent(old, taker);
      return content && (await adoptions.adopt(seed, content));
    } catch (error) {
      if (isSessError(error, 'store_unavailable')) throw error;
      // The user can sign in, and a corrected program can still take the session over.
      logger.error({ error }, 'an old session was not taken over: it does not fit this program');
      return undefined;
    }
  }

  /** Ends an old session. Returns `false` if that was not possible now. */
  async function endInOldSystem(credential: string): Promise<boolean> {
    if (clock.now() < pausedUntil) return false;
    try {
      await callOld('end', async () => source.end?.(credential));
      if (isStored) await adoptions.shorten(seedOf(credential));
      return true;
    } catch {
      // Both stores report it. The client keeps the old cookie, so a later request tries again.
      pausedUntil = clock.now() + PAUSE_MS;
      return false;
    }
  }

  async function retire(credential: string, exchange: Exchange): Promise<void> {
    if (endOld === 'never') return;
    const isEnded = await share(retiring, credential, () => endInOldSystem(credential));
    if (isEnded) clearCookies(exchange, source.cookies);
  }

  async function take(
    credential: string,
    { exchange, ...terms }: { readonly exchange: Exchange } & Terms,
  ): Promise<Taken | undefined> {
    const taker = { ...terms, device: deviceOf(exchange) };
    const taken = await share(taking, credential, () => takeOver(credential, taker));
    if (taken?.kind !== 'spent') return taken;
    await retire(credential, exchange);
    return undefined;
  }

  async function end(credential: string, exchange: Exchange): Promise<void> {
    const seed = seedOf(credential);
    await adoptions.end(seed, async () => {
      const old = await load(credential);
      return old && endOf(old);
    });
    await callOld('end', async () => source.end?.(credential));
    if (isStored) await adoptions.shorten(seed);
    clearCookies(exchange, source.cookies);
  }

  /** Logs once that the source does not read a cookie: the usual reason is a wrong setting. */
  function noteUnread(request: OldRequest): void {
    if (hasNoted) return;
    const name = source.cookies?.names.find((one) => (request.cookie(one) ?? '') !== '');
    if (name === undefined) return;
    hasNoted = true;
    logger.warn(
      { cookie: name },
      'a cookie of the old system was not accepted: compare the secret of the source with that of the old application',
    );
  }

  function createFace(terms: Terms): Adoption {
    return Object.freeze({
      assertFor(other: object) {
        if (contextOf(other) === context) return;
        throw optionError({
          option: 'adopt',
          expected: 'the adoption of this engine',
          value: 'that of another one',
          repair: 'Give adopt() the engine of the middleware.',
        });
      },
      readBy: (read: (data: never) => unknown, lifetimes?: Lifetimes) =>
        createFace({ subjectOf: read as (data: object) => unknown, lifetimes }),
      open(exchange: Exchange, token?: string): OldCredential<never> | undefined {
        const request = toOldRequest(exchange, token);
        const credential = source.read(request);
        if (credential === undefined) {
          noteUnread(request);
          return undefined;
        }
        const from = { exchange, ...terms };
        return {
          take: async ({ canRenew }) => {
            const taken = await take(credential, from);
            return taken && toResult(taken, canRenew);
          },
          refresh: async () => {
            const taken = await take(credential, from);
            return taken && refresh(taken);
          },
          retire: () => retire(credential, exchange),
          end: () => end(credential, exchange),
        };
      },
    });
  }

  return createFace({});

  async function refresh({ kind, record, refreshToken }: Taken) {
    if (!toPresentResult(record).ok) return undefined;
    // A late one counts for this request, as a spent cookie does.
    const issued = await sessions.refresh(refreshToken, { isCookie: kind === 'late' });
    return issued.ok ? { issued: issued as Issued<never>, presented: refreshToken } : undefined;
  }
}

/** @throws {UsageError} invalid_option, for instance for a number */
function readSubject(subject: unknown): string | undefined {
  if (subject === undefined || subject === null) return undefined;
  if (typeof subject === 'string') return subject;
  throw optionError({
    option: 'adopt: subject',
    expected: 'it to return a string, or undefined for a visitor',
    value: `a ${typeof subject}`,
    repair: 'Write String(…).',
  });
}

/** Returns `undefined` for data without members: a visitor of whom nothing is known. */
function unlessEmpty(data: object): object | undefined {
  return Object.keys(data).length === 0 ? undefined : data;
}

/** Returns what a page gets. */
function toResult({ kind, record, refreshToken, at }: Taken, canRenew: boolean) {
  const result = toPresentResult<never>(record);
  if (kind === 'late' || !canRenew) return result;
  const renewal = { refreshToken, issuedAt: at, ...persistenceOf(record.data) };
  return { ...result, renewal: hideTokens(renewal) };
}

/** Runs work once for all calls with a key that come while it runs. */
async function share<Result>(
  running: Map<string, Promise<Result>>,
  key: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const promise = work();
  running.set(key, promise);
  try {
    return await promise;
  } finally {
    running.delete(key);
  }
}
