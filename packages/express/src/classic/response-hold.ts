import type { ServerResponse } from 'node:http';

/** What a response waits for. */
export interface ResponseWork {
  /** True if something has to be stored before the head, or before the end. */
  isDue(before: 'head' | 'end'): boolean;
  /** Stores it. A rejection is passed to `fail`. */
  run(): Promise<void>;
  /** Passes an error on, in place of the response that was held. */
  fail(error: unknown): void;
}

const METHODS = ['writeHead', 'flushHeaders', 'write', 'end'] as const;
const HEADER_METHODS = ['setHeader', 'appendHeader', 'removeHeader'] as const;

/** Headers of a response that belong to its body, or to its success. */
const DESCRIBES_BODY =
  /^(?:location|etag|last-modified|content-(?:disposition|encoding|language|length|range|type))$/;

type Method = (typeof METHODS)[number];
type Call = (...args: unknown[]) => unknown;

/** A call that is held back. */
interface Waiting {
  readonly method: Method;
  readonly args: readonly unknown[];
}

/**
 * Holds the calls that send a response back until work is done: a client that has the response, such as a redirect, finds
 * stored what led to it. A response without due work is not delayed.
 */
export class ResponseHold {
  readonly #res: ServerResponse;
  readonly #work: ResponseWork;
  readonly #inner = new Map<Method, Call>();
  readonly #waiting: Waiting[] = [];
  #phase: 'open' | 'held' | 'passing' | 'done' = 'open';
  #isEnded = false;
  #hasRefusedWrite = false;
  #seal: Seal | undefined;

  constructor(res: ServerResponse, work: ResponseWork) {
    this.#res = res;
    this.#work = work;
    const methods = res as unknown as Record<Method, Call>;
    for (const method of METHODS) {
      if (typeof methods[method] !== 'function') continue;
      this.#inner.set(method, methods[method]);
      // By a variable: V8 creates a literal that is assigned to a property in its old generation, which keeps the response.
      const call: Call = (...args) => this.#call(method, args);
      methods[method] = call;
    }
  }

  /** Changes headers of a response that looks sent to the application while it is held. */
  change(change: () => void): void {
    if (this.#seal === undefined) change();
    else this.#seal.bypass(change);
  }

  #call(method: Method, args: readonly unknown[]): unknown {
    if (this.#phase === 'passing') return this.#pass(method, args);
    if (method === 'end') {
      if (this.#isEnded) return this.#res;
      this.#isEnded = true;
    }
    if (this.#phase === 'done') return this.#pass(method, args);
    if (this.#phase === 'open') {
      if (!this.#isDue(method)) return this.#passOpen(method, args);
      this.#phase = 'held';
      if (!this.#res.headersSent) this.#seal = new Seal(this.#res);
      this.#waiting.push({ method, args });
      void this.#run();
    } else {
      if (method === 'writeHead') throw createHeadersSentError();
      this.#waiting.push({ method, args });
    }
    if (method !== 'write') return this.#res;
    this.#hasRefusedWrite = true;
    return false;
  }

  #isDue(method: Method): boolean {
    if (method === 'end') return this.#work.isDue('end');
    return !this.#res.headersSent && this.#work.isDue('head');
  }

  #pass(method: Method, args: readonly unknown[]): unknown {
    return this.#inner.get(method)?.apply(this.#res, [...args]);
  }

  #passOpen(method: Method, args: readonly unknown[]): unknown {
    // The methods of Node call each other.
    this.#phase = 'passing';
    try {
      return this.#pass(method, args);
    } finally {
      this.#phase = method === 'end' ? 'done' : 'open';
    }
  }

  async #run(): Promise<void> {
    try {
      do {
        await this.#work.run();
        this.#unseal();
        this.#phase = 'passing';
      } while (!this.#release());
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Repeats the calls that were held. Returns `false` if more has to be stored before the end. */
  #release(): boolean {
    let isFirst = true;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      // The work before the first call is done. The application may have changed the session since.
      if (next.method === 'end' && !isFirst && this.#work.isDue('end')) {
        this.#phase = 'held';
        return false;
      }
      isFirst = false;
      this.#waiting.shift();
      this.#pass(next.method, next.args);
      if (next.method === 'end') this.#phase = 'done';
    }
    if (this.#phase === 'passing') this.#phase = 'open';
    const isFlowing = this.#hasRefusedWrite && this.#phase === 'open';
    this.#hasRefusedWrite = false;
    if (isFlowing && !this.#res.writableNeedDrain) this.#res.emit('drain');
    return true;
  }

  #fail(error: unknown): void {
    this.#unseal();
    this.#waiting.length = 0;
    this.#phase = 'done';
    this.#isEnded = false;
    const res = this.#res;
    const isSent = res.headersSent;
    if (!isSent) {
      for (const name of res.getHeaderNames())
        if (DESCRIBES_BODY.test(name)) res.removeHeader(name);
    }
    this.#work.fail(error);
    // A response that ends would show that everything was stored.
    if (isSent) res.destroy();
  }

  #unseal(): void {
    this.#seal?.open();
    this.#seal = undefined;
  }
}

/** Makes a response look sent to the application. */
class Seal {
  readonly #res: ServerResponse;
  readonly #earlier: readonly (readonly [string, PropertyDescriptor | undefined])[];
  readonly #status: readonly [number, string];
  #isBypassed = false;

  constructor(res: ServerResponse) {
    this.#res = res;
    this.#status = [res.statusCode, res.statusMessage];
    this.#earlier = [...HEADER_METHODS, 'headersSent'].map((name) => [
      name,
      Object.getOwnPropertyDescriptor(res, name),
    ]);
    const methods = res as unknown as Record<string, Call | undefined>;
    for (const name of HEADER_METHODS) {
      const inner = methods[name];
      if (inner === undefined) continue;
      const call: Call = (...args) => {
        if (!this.#isBypassed) throw createHeadersSentError();
        return inner.apply(res, args);
      };
      methods[name] = call;
    }
    Object.defineProperty(res, 'headersSent', {
      configurable: true,
      get: () => !this.#isBypassed,
    });
  }

  bypass(change: () => void): void {
    this.#isBypassed = true;
    try {
      change();
    } finally {
      this.#isBypassed = false;
    }
  }

  open(): void {
    const res = this.#res as unknown as Record<string, unknown>;
    for (const [name, earlier] of this.#earlier) {
      if (earlier === undefined) delete res[name];
      else Object.defineProperty(res, name, earlier);
    }
    [this.#res.statusCode, this.#res.statusMessage] = this.#status;
  }
}

/** As Node throws it, because middlewares look at its code. */
function createHeadersSentError(): Error {
  const message = 'Cannot change the head of a response that is sent already.';
  return Object.assign(new Error(message), { code: 'ERR_HTTP_HEADERS_SENT' });
}
