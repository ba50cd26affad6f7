import { randomBytes } from 'node:crypto';
import { type Guest, isSessError, type RequestSession, type Session, UsageError } from '@sess/core';
import type { RequestFace } from '@sess/core/http';
import type { Request } from 'express';
import { attachSession } from './attach.js';
import type { ClassicContext } from './context.js';
import { ClassicCookie } from './cookie.js';
import { type Changes, encodeMembers, findChanges, NOTHING, type Texts } from './members.js';
import { ResponseHold, type ResponseWork } from './response-hold.js';
import { ClassicSession, type SessionOwner } from './session.js';
import { createEndedError, StoredSession } from './stored-session.js';
import type { SubjectData } from './types.js';

type Data = Record<string, unknown>;

/** What has to be stored. All kinds but `data` change the cookie, so they come before the head of the response. */
interface Due {
  readonly kind: 'data' | 'guest' | 'sign-in' | 'sign-out' | 'lifetimes' | 'end';
  readonly texts: Texts;
  readonly changes: Changes | undefined;
  readonly subject: string | undefined;
}

/** The mutable session of one request, and the work that stores it. */
export class ClassicRequest implements SessionOwner, ResponseWork {
  readonly req: Request;
  readonly request: RequestSession;
  readonly #context: ClassicContext;
  readonly #face: RequestFace<Data>;
  readonly #stored: StoredSession;
  /** `undefined` until the application has asked for it, `null` if it was unset. */
  #view: ClassicSession | null | undefined;
  /** The members as they are stored, as far as this request knows. */
  #base: Texts = NOTHING;
  /** Whose session it is, as of `#base`. */
  #subject: string | undefined;
  #last: Promise<void> = Promise.resolve();
  #running = 0;
  #hasFailed = false;

  constructor(context: ClassicContext) {
    this.#context = context;
    this.req = context.req;
    this.request = context.request;
    this.#face = context.face;
    this.#stored = new StoredSession(context);
    // The application may remove a session that it has not read.
    if (context.settings.unset === 'destroy') this.#watch();
  }

  get session(): ClassicSession | null {
    if (this.#view === undefined) {
      // Read for the caches: the response depends on it.
      const { session } = this.request;
      this.#show(encodeMembers((session ?? this.#face.holder)?.data ?? {}));
      this.#watch();
    }
    return this.#view ?? null;
  }

  set session(value: unknown) {
    if (value !== null && value !== undefined && value !== this.#view) {
      throw new UsageError(
        'invalid_argument',
        `req.session: expected null or nothing to be assigned, got a ${typeof value}. Write Object.assign(req.session, { … }), and mount other session middlewares on separate paths.`,
      );
    }
    this.#watch();
    this.#view = (value as ClassicSession | undefined) ?? null;
  }

  get id(): string {
    const face = this.#face;
    // Named before the guest is stored, because forms contain it.
    if (face.holder === undefined) face.guestSid ??= randomBytes(24).toString('base64url');
    return face.holder?.sid ?? face.guestSid ?? '';
  }

  save(view: object): Promise<void> {
    if (view !== this.#view) return Promise.reject(createEndedError());
    return this.#enqueue(() => this.#commit());
  }

  regenerate(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#stored.end();
      this.#show(NOTHING);
      attachSession(this.req);
    });
  }

  destroy(view: object): Promise<void> {
    if (view !== this.#view) return Promise.resolve();
    this.#view = null;
    Reflect.deleteProperty(this.req, 'session');
    return this.#enqueue(() => this.#stored.end());
  }

  reload(): Promise<void> {
    return this.#enqueue(async () => {
      const data = this.#face.holder && (await this.#stored.load());
      if (data === undefined) throw createEndedError();
      this.#show(encodeMembers(data));
      attachSession(this.req);
    });
  }

  isDue(before: 'head' | 'end'): boolean {
    // The application knows of the failure, and responds to it.
    if (this.#hasFailed && this.#context.res.statusCode >= 400) return false;
    if (this.#running > 0) return true;
    try {
      const due = this.#inspect();
      return due !== undefined && (before === 'end' || due.kind !== 'data');
    } catch {
      // `run` meets the same error, and passes it on.
      return true;
    }
  }

  async run(): Promise<void> {
    try {
      await this.#enqueue(() => this.#commit());
    } catch (error) {
      const { logger } = this.#context.sessions;
      // As if the sign-out had come after the response. Its changes went with the session.
      if (isSessError(error, 'session_ended'))
        logger.debug({}, 'changes of an ended session were dropped');
      else if (isSessError(error, 'answer_sent')) logger.error({}, error.message);
      else throw error;
    }
  }

  fail(error: unknown): void {
    this.#context.next(error);
  }

  /** Stores what was changed, once the response is about to be sent. */
  #watch(): void {
    const { exchange, res } = this.#context;
    if (exchange.hold !== undefined || !exchange.hasResponse) return;
    exchange.watchHead();
    exchange.hold = new ResponseHold(res, this);
  }

  #show(texts: Texts): void {
    const { settings, sessions } = this.#context;
    const { holder } = this.#face;
    const now = sessions.clock.now;
    const cookie = new ClassicCookie({
      attributes: settings.attributes,
      now,
      maxAge: holder === undefined ? settings.maxAge : lifetimeOf(holder),
      left: holder && holder.expiresAt - now(),
    });
    const view = new ClassicSession(this, cookie, texts);
    this.#base = new Map([...texts].filter(([name]) => Object.hasOwn(view, name)));
    this.#subject = texts.size === 0 ? undefined : this.#readSubject(view);
    this.#view = view;
  }

  #readSubject(view: ClassicSession): string | undefined {
    const subject = this.#context.settings.subject(view as SubjectData);
    if (subject === undefined || subject === null) return undefined;
    if (typeof subject === 'string' && subject !== '') return subject;
    throw new UsageError(
      'invalid_argument',
      `subject: expected it to return a string that is not empty, or undefined, got a ${typeof subject}. Write String(…), and load what it needs before.`,
    );
  }

  #inspect(): Due | undefined {
    const { settings, onLateLifetime } = this.#context;
    const { holder } = this.#face;
    const view = Object.hasOwn(this.req, 'session') ? this.#view : null;
    if (view === undefined) return undefined;
    const end: Due = { kind: 'end', texts: NOTHING, changes: undefined, subject: undefined };
    if (view === null) {
      return settings.unset === 'destroy' && holder !== undefined ? end : undefined;
    }
    const maxAge = chosenMaxAge(view);
    if (typeof maxAge === 'number' && maxAge <= 0) return holder === undefined ? undefined : end;
    const texts = encodeMembers(view);
    const changes = findChanges(this.#base, texts);
    const subject = changes === undefined ? this.#subject : this.#readSubject(view);
    const found = { texts, changes, subject };
    if (subject !== this.#subject) {
      return { kind: subject === undefined ? 'sign-out' : 'sign-in', ...found };
    }
    if (maxAge !== undefined && subject !== undefined && maxAge !== this.#stored.startedMaxAge) {
      if (this.#stored.startedMaxAge !== undefined) return { kind: 'lifetimes', ...found };
      onLateLifetime();
    }
    if (changes === undefined) return undefined;
    return { kind: holder === undefined ? 'guest' : 'data', ...found };
  }

  async #commit(): Promise<void> {
    try {
      const due = this.#inspect();
      if (due === undefined) return;
      await this.#store(due);
      this.#base = due.texts;
      this.#subject = due.subject;
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  #store({ kind, subject = '', texts, changes = {} }: Due): Promise<unknown> {
    const stored = this.#stored;
    if (kind === 'data') return stored.update(changes);
    if (kind === 'end') return stored.end();
    if (kind === 'sign-out') return stored.signOut(changes);
    if (!this.#context.exchange.canSetCookie) return Promise.reject(createLateError());
    if (kind === 'guest') return stored.update(changes);
    const chosen = chosenMaxAge(this.#view);
    const maxAge = chosen === undefined ? this.#context.settings.maxAge : chosen;
    return kind === 'sign-in'
      ? stored.signIn({ subject, texts, changes, maxAge })
      : stored.changeLifetimes(changes, maxAge);
  }

  /** Runs the work of a request one after another. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#running += 1;
    const done = this.#last.then(work).finally(() => {
      this.#running -= 1;
    });
    // The caller gets the failure.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Returns the lifetime that the application has given to a cookie; `undefined` if it has not, or has replaced the cookie. */
function chosenMaxAge(view: ClassicSession | null | undefined): number | null | undefined {
  const cookie = view?.cookie;
  return cookie instanceof ClassicCookie ? cookie.chosenMaxAge : undefined;
}

function lifetimeOf(holder: Session | Guest): number {
  return holder.expiresAt - ('lastUsedAt' in holder ? holder.lastUsedAt : holder.createdAt);
}

function createLateError(): UsageError {
  return new UsageError(
    'answer_sent',
    'req.session: expected the sign-in, or the first write of a visitor, before the head of the response, got one that cannot set a cookie any more. Write it before res.write() and res.flushHeaders().',
  );
}
