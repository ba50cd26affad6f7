import { type Lifetimes, SessError } from '@sess/core';
import type { ClassicContext } from './context.js';
import { applyChanges, type Changes, findChanges, NOTHING, type Texts } from './members.js';

type Data = Record<string, unknown>;

/** A sign-in: `texts` are the members as the request shows them, `changes` what it has changed. */
interface SignIn {
  readonly subject: string;
  readonly texts: Texts;
  readonly changes: Changes;
  /** Milliseconds; `null`: until the browser is closed. */
  readonly maxAge: number | null;
}

/** The session or the guest of one request, as the store has it: what the mutable session is written to. */
export class StoredSession {
  /** The lifetime of a sign-in of this request. */
  startedMaxAge: number | null | undefined;
  readonly #context: ClassicContext;

  constructor(context: ClassicContext) {
    this.#context = context;
  }

  update(changes: Changes): Promise<unknown> {
    const { request } = this.#context;
    return (request.session === null ? request.guest : request).update(changes);
  }

  /** Starts a session with the data that the store has by now: parallel requests may have changed other members. */
  async signIn({ subject, texts, changes, maxAge }: SignIn): Promise<void> {
    const { request } = this.#context;
    const stored = await this.load();
    if (stored === undefined && request.session !== null) throw createEndedError();
    const data = applyChanges(stored ?? findChanges(NOTHING, texts) ?? {}, changes);
    await request.start({ subject, data, ...this.#lifetimesOf(maxAge) });
    this.startedMaxAge = maxAge;
  }

  async signOut(changes: Changes): Promise<void> {
    const stored = await this.load();
    await this.end();
    if (stored === undefined || !this.#context.exchange.canSetCookie) return;
    const data = applyChanges(stored, changes);
    if (Object.keys(data).length > 0) await this.update(data);
  }

  async changeLifetimes(changes: Changes, maxAge: number | null): Promise<void> {
    await this.#context.request.elevate({ data: changes, ...this.#lifetimesOf(maxAge) });
    this.startedMaxAge = maxAge;
  }

  /** Ends the session or the guest. What is written afterwards belongs to a new visitor. */
  async end(): Promise<void> {
    const { face, req, request } = this.#context;
    // The cookie of a request may be live also if the store could not be asked.
    if (face.holder !== undefined || req.headers.cookie !== undefined) await request.end();
    face.reopen();
    this.startedMaxAge = undefined;
  }

  /** Returns the data as the store has it now; `undefined` if the session or the guest is gone. */
  async load(): Promise<Data | undefined> {
    const { face, request, sessions } = this.#context;
    const { holder } = face;
    if (holder === undefined) return {};
    if (request.session !== null) return (await sessions.get(holder.sid))?.data;
    let data: Data | undefined;
    try {
      // A guest has no other read than the one before a change, which the error prevents.
      await sessions.updateGuest(holder.sid, (current) => {
        data = current;
        throw NO_CHANGE;
      });
    } catch (error) {
      if (error !== NO_CHANGE) throw error;
    }
    return data;
  }

  #lifetimesOf(maxAge: number | null): Lifetimes {
    if (maxAge === null) return { remember: false };
    const seconds = Math.ceil(maxAge / 1_000);
    return {
      idleTtl: seconds,
      ...(this.#context.settings.rolling ? {} : { absoluteTtl: seconds }),
    };
  }
}

const NO_CHANGE = new Error('A guest was read.');

/** Returns the error for a session that the request no longer has. */
export function createEndedError(): SessError {
  return new SessError('session_ended', 'The session ended, or was replaced, during the request.');
}
