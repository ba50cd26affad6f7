import type { Request } from 'express';
import { ClassicCookie } from './cookie.js';
import type { Texts } from './members.js';
import type { Cookie, Session, SessionCallback } from './types.js';

/** What the methods of a session act on. */
export interface SessionOwner {
  readonly req: Request;
  readonly id: string;
  save(view: object): Promise<void>;
  regenerate(): Promise<void>;
  destroy(view: object): Promise<void>;
  reload(): Promise<void>;
}

/** `req.session`: what the application reads and changes. Only the cookie and the data are enumerable. */
export class ClassicSession implements Session {
  readonly #owner: SessionOwner;
  cookie: Cookie;

  constructor(owner: SessionOwner, cookie: Cookie, texts: Texts) {
    this.#owner = owner;
    this.cookie = cookie;
    for (const [name, text] of texts) {
      // A member of a method's name would hide the method.
      if (name in this) continue;
      Object.defineProperty(this, name, {
        value: JSON.parse(text),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
  }

  get id(): string {
    return this.#owner.id;
  }

  get req(): Request {
    return this.#owner.req;
  }

  save(): Promise<void>;
  save(callback: SessionCallback): this;
  save(callback?: SessionCallback): this | Promise<void> {
    return this.#finish(this.#owner.save(this), callback);
  }

  regenerate(): Promise<void>;
  regenerate(callback: SessionCallback): this;
  regenerate(callback?: SessionCallback): this | Promise<void> {
    return this.#finish(this.#owner.regenerate(), callback);
  }

  destroy(): Promise<void>;
  destroy(callback: SessionCallback): this;
  destroy(callback?: SessionCallback): this | Promise<void> {
    return this.#finish(this.#owner.destroy(this), callback);
  }

  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  reload(callback?: SessionCallback): this | Promise<void> {
    return this.#finish(this.#owner.reload(), callback);
  }

  touch(): this {
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    if (this.cookie instanceof ClassicCookie) this.cookie.reset();
    return this;
  }

  #finish(work: Promise<void>, callback: SessionCallback | undefined): this | Promise<void> {
    if (callback === undefined) {
      // Calls without `await` are common, and must not end the process: a failure is met again when the response ends.
      work.catch(() => undefined);
      return work;
    }
    // Outside of the promise: what a callback throws is an uncaught exception, not a rejection.
    work.then(
      () => queueMicrotask(() => callback()),
      (error: unknown) => queueMicrotask(() => callback(error)),
    );
    return this;
  }
}
