import type { GuestPatch, Sessions } from '../engine.js';
import { SessError, StoreUnavailableError, UsageError } from '../errors.js';
import type { Guest } from '../types.js';
import { isUpgrade } from './fetch-metadata.js';
import type { HttpRequest } from './http-request.js';

type GuestInput<Data extends object> = NonNullable<Parameters<Sessions<Data>['createGuest']>[0]>;

/** The data of a request without a guest. */
export const NO_DATA: object = Object.freeze({});

/** Creates and changes the guest of one request. */
export class RequestGuests<Data extends object> {
  readonly #request: HttpRequest<Data>;
  /** A guest that is being created: parallel writes of one request get one. */
  creation: Promise<Guest<Data>> | undefined;

  constructor(request: HttpRequest<Data>) {
    this.#request = request;
  }

  /** Changes the data of the guest, and creates one first if there is none. */
  async update(patch: GuestPatch<Data>): Promise<Guest<Data>> {
    const request = this.#request;
    if (request.session !== null) {
      throw new UsageError(
        'invalid_argument',
        'guest.update: expected a request without a session, got one that is signed in. Use update().',
      );
    }
    const known = request.guest ?? (this.creation && (await this.creation));
    if (known === undefined) {
      const data = typeof patch === 'function' ? patch(NO_DATA as Partial<Data>) : patch;
      return this.start({ data });
    }
    const guest = await request.http.sessions.updateGuest(known.sid, patch);
    if (guest === undefined) throw request.endDuringRequest();
    request.guest = guest;
    return guest;
  }

  /** Creates a guest, and sets its cookie. */
  async start(given: GuestInput<Data>): Promise<Guest<Data>> {
    this.creation = this.#create(given);
    try {
      return await this.creation;
    } finally {
      this.creation = undefined;
    }
  }

  async #create(given: GuestInput<Data>): Promise<Guest<Data>> {
    const { cookie, exchange, guestSid: sid, http, hasEnded } = this.#request;
    const { sessions, transport } = http;
    // A late write would replace the cookie of a newer sign-in.
    if (hasEnded) throw this.#request.endDuringRequest();
    if (sessions.kind !== 'stateless' && (transport === 'bearer' || isUpgrade(exchange))) {
      throw new SessError(
        'not_supported',
        transport === 'bearer'
          ? "A request without a session has a guest only with a cookie transport. Set transport to 'cookie' or 'both'."
          : 'The response to an upgrade cannot set the cookie of a guest. Keep the value before it.',
      );
    }
    // A browser left out a strict cookie, also of a signed-in user, if another site caused the request.
    cookie.assertAllowed({ isStrict: http.cookie?.isStrict === true });
    this.#assertNoLiveCookie();
    const { guest, ...issued } = await sessions.createGuest(
      sid === undefined ? given : { ...given, sid },
    );
    this.#request.takeGuest(guest, issued);
    return guest;
  }

  /** The cookie of a guest takes the place of the request's. That may be lost only if it was found dead. */
  #assertNoLiveCookie(): void {
    const { cookie, hasStoreFailed, isCookieDead } = this.#request;
    const kind = cookie.read()?.kind ?? 'none';
    if (kind === 'none' || isCookieDead) return;
    if (hasStoreFailed) {
      throw new StoreUnavailableError('The session of the request could not be read. Try again.');
    }
    // The next request has one cookie.
    if (kind === 'duplicate') cookie.clearOthers();
    throw new SessError(
      'session_required',
      'The request has other credentials beside its cookie, or two cookies, so it gets no guest.',
    );
  }
}
