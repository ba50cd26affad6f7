import type { ElevateInput, GuestPatch, Sessions } from '../engine.js';
import { type InvalidDataError, isSessError, UsageError } from '../errors.js';
import type { Issued, OneTimeValue, RegisteredData, RegisteredOnce, Session } from '../types.js';
import { type Duration, type Readers, readOptions } from '../util/options.js';
import { createOriginCheck } from './csrf.js';
import { deviceOf } from './device.js';
import { CHECK, ENGINE, type Requirements } from './guard.js';
import type { HttpRequest } from './http-request.js';
import { checkRequest } from './request-check.js';
import { NO_DATA, RequestGuests } from './request-guests.js';
import type {
  RequestGuest,
  RequestSession,
  StartInput,
  StartOptions,
  TokenResponse,
} from './request-session.js';
import { endDuplicates, endPresented } from './sign-out.js';

const START_OPTIONS = {
  origins: (name, value) => (value === undefined ? undefined : createOriginCheck(name, value)),
} satisfies Readers<StartOptions>;

/** What a request can do to its session. Applications get it as `req.sessions`, so it shows nothing when inspected. */
export class RequestOperations<Data extends object = RegisteredData>
  implements RequestSession<Data>
{
  readonly #request: HttpRequest<Data>;
  #guests: RequestGuests<Data> | undefined;

  constructor(request: HttpRequest<Data>) {
    this.#request = request;
  }

  /** Returns the request behind the operations. */
  static requestOf<Data extends object>(operations: RequestOperations<Data>): HttpRequest<Data> {
    return operations.#request;
  }

  get session(): Session<Data> | null {
    this.#request.noteUse();
    return this.#request.session;
  }

  async start(input: StartInput<Data>, how: StartOptions = {}): Promise<TokenResponse> {
    const { origins } = readOptions('start', how, START_OPTIONS, 'start: ');
    const request = this.#request;
    request.cookie.assertAllowed({ trusts: origins });
    const { logger } = request.http;
    const subject: unknown = input?.subject;
    if (typeof subject !== 'string') {
      const repair = typeof subject === 'number' ? ' Write String(…).' : '';
      const message = `start: expected subject to be a string, got ${typeOf(subject)}.${repair}`;
      logger.error({}, message);
      throw new UsageError('invalid_argument', message);
    }
    const { keep, ...given } = input;
    const device = { ...deviceOf(request.exchange), ...input.device };
    const options = {
      replaces: request.presentedTokens(),
      ...(keep === undefined ? {} : { keep }),
    };
    const issued = await this.#reportData(
      request.operations.create({ ...given, device } as StartInput<Data>, options),
    );
    await endDuplicates(request);
    await request.openOld()?.end();
    return request.deliver(issued);
  }

  async end(): Promise<void> {
    const request = this.#request;
    request.cookie.assertAllowed();
    await endPresented(request);
    request.forget();
    request.cookie.clear();
  }

  get guest(): RequestGuest<Data> {
    this.#request.noteUse();
    return Object.freeze({
      data: this.#request.guest?.data ?? (NO_DATA as Partial<Data>),
      update: (patch: GuestPatch<Data>) => this.#reportData(this.#openGuests().update(patch)),
    });
  }

  async put<Name extends keyof RegisteredOnce & string>(
    name: Name,
    value: RegisteredOnce[Name],
    ttl?: Duration,
  ): Promise<void> {
    const given = { name, value, ...(ttl === undefined ? {} : { ttl }) } as OneTimeValue<Name>;
    const request = this.#request;
    const guests = this.#openGuests();
    const holder = request.session ?? request.guest ?? (guests.creation && (await guests.creation));
    if (holder === undefined) await guests.start({ put: given as OneTimeValue });
    else if (!(await this.#engine.put(holder.sid, given))) throw request.endDuringRequest();
  }

  async take<Name extends keyof RegisteredOnce & string>(
    name: Name,
  ): Promise<RegisteredOnce[Name] | undefined> {
    const request = this.#request;
    request.noteUse();
    const { sid } = request.session ?? request.guest ?? {};
    return sid === undefined ? undefined : this.#engine.take(sid, name);
  }

  current(): Promise<Session<Data>> {
    return this.#request.current();
  }

  async update(patch: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>> {
    const request = this.#request;
    const { sid } = request.assertSession();
    return request.assertAlive(await this.#reportData(this.#engine.update(sid, patch)));
  }

  async list(): Promise<readonly (Session<Data> & { readonly isCurrent: boolean })[]> {
    const { sid, subject } = await this.current();
    const sessions = await this.#engine.list(subject);
    return sessions.map((other) => ({ ...other, isCurrent: other.sid === sid }));
  }

  async revoke(sid: string): Promise<boolean> {
    this.#request.cookie.assertAllowed();
    const session = await this.current();
    if (sid === session.sid) {
      await this.end();
      return true;
    }
    const other = await this.#engine.get(sid);
    return other?.subject === session.subject && (await this.#engine.revoke(sid));
  }

  async endOthers(): Promise<number> {
    this.#request.cookie.assertAllowed();
    const { sid, subject } = await this.current();
    return this.#engine.revokeAll(subject, { except: sid });
  }

  async endAll(): Promise<number> {
    const request = this.#request;
    request.cookie.assertAllowed();
    const { subject } = await this.current();
    const count = await this.#engine.revokeAll(subject);
    await request.openOld()?.end();
    request.forget();
    request.cookie.clear();
    return count;
  }

  async elevate(given: ElevateInput<Data> = {}): Promise<TokenResponse> {
    const request = this.#request;
    const session = request.assertSession();
    const issued = await this.#reportData(request.operations.elevate(session, given));
    request.assertAlive(issued?.session);
    return request.deliver(issued as Issued<Data>);
  }

  get #engine(): Sessions<Data> {
    return this.#request.http.sessions;
  }

  #openGuests(): RequestGuests<Data> {
    this.#guests ??= new RequestGuests(this.#request);
    return this.#guests;
  }

  /** Data that the schema refuses is a fault of the program at least as often as of the user, so it is logged. */
  async #reportData<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (isSessError(error, 'invalid_data') || isSessError(error, 'data_too_large')) {
        const { code, issues = [] } = error as Partial<InvalidDataError>;
        const paths = issues.map(({ path }) => path).join(', ');
        this.#request.http.logger.warn({ code, paths }, 'session data was refused');
      }
      throw error;
    }
  }
}

// Of a request that another copy of this package may check.
Object.defineProperties(RequestOperations.prototype, {
  [CHECK]: {
    value(this: RequestOperations<never>, requirements: Requirements) {
      const request = RequestOperations.requestOf(this);
      const settled = request.settleBody();
      if (settled === undefined) return checkRequest(request, requirements);
      return settled.then(() => checkRequest(request, requirements));
    },
  },
  [ENGINE]: {
    get(this: RequestOperations<never>) {
      return RequestOperations.requestOf(this).http.sessions;
    },
  },
});

/** Names the type of a value, never the value: it may be personal data. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
