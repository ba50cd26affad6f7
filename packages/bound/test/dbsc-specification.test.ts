import { createSessions, type RequestSession } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createWebSessions } from '../../web/src/index.js';
import { dbsc } from '../src/index.js';
import { createDeviceKey } from './engine.js';

/*
 * What the W3C specification of Device Bound Session Credentials says of a server, section by section: the forms of the
 * headers and of the session instructions, and the statuses that a browser acts upon. What a browser does with scopes,
 * initiators and its own storage is no concern of a server that sends one origin and one cookie.
 */

const ORIGIN = 'https://example.com';
/** A string of RFC 9651, section 3.3.3. */
const STRING = '"(?:[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\])*"';

/** An application, and a browser that signs. */
function openSite() {
  const clock = createFakeClock();
  const sessions = createSessions({ clock, logger: silentLogger });
  const web = createWebSessions(sessions, { transport: 'cookie', bound: dbsc() });
  const device = createDeviceKey();
  const routes: Record<string, (own: RequestSession) => Promise<Response>> = {
    async '/login'(own) {
      await own.start({ subject: 'ada' });
      return new Response('signed in');
    },
    async '/me'({ session }) {
      return Response.json(session ?? null);
    },
  };
  const send = (path: string, headers: Record<string, string>, method = 'POST') =>
    web.handle(
      { request: new Request(ORIGIN + path, { method, headers }) },
      (own) => routes[path]?.(own) ?? new Response(null, { status: 404 }),
    );
  return {
    device,
    send,
    /** Signs in, and registers with these forms of the header and of the proof's header. */
    async register(form: (jws: string) => string = (jws) => jws, header: object = {}) {
      const login = await send('/login', {});
      const offer = login.headers.get('secure-session-registration') ?? '';
      const challenge = /;challenge="([^"]+)"/.exec(offer)?.[1] ?? '';
      const proof = device.prove(challenge, { jwk: device.jwk, ...header });
      const response = await send('/session/bind', {
        Cookie: login.headers.getSetCookie()[0]?.split(';')[0] ?? '',
        'Secure-Session-Response': form(proof),
      });
      return { offer, response };
    },
  };
}

/** Registers, and returns what a renewal needs. */
async function bind() {
  const site = openSite();
  const { response } = await site.register();
  const instructions = (await response.json()) as { readonly session_identifier: string };
  const id = instructions.session_identifier;
  const renew = (headers: Record<string, string>) =>
    site.send('/session/bind', { 'Sec-Secure-Session-Id': id, ...headers });
  return { ...site, id, renew, instructions, challenge: readChallenge(response) };
}

const readChallenge = (response: Response): string =>
  /^"([^"]+)"/.exec(response.headers.get('secure-session-challenge') ?? '')?.[1] ?? '';

describe('the headers of a server', () => {
  it('Secure-Session-Registration is a list of one inner list of tokens, with a path and a challenge', async () => {
    const { offer } = await openSite().register();
    const parameter = `;[a-z*][a-z0-9_\\-.*]*=${STRING}`;
    expect(offer).toMatch(new RegExp(`^\\((?:ES256|RS256)\\)(?:${parameter})+$`));
    expect([...offer.matchAll(/;([a-z_]+)=/g)].map(([, name]) => name)).toEqual([
      'path',
      'challenge',
    ]);
  });

  it('Secure-Session-Challenge is a string with the session as its parameter, in a 200 and in a 403', async () => {
    const { renew, id, device, challenge } = await bind();
    const missing = await renew({});
    const renewed = await renew({ 'Secure-Session-Response': device.prove(challenge) });
    for (const response of [missing, renewed]) {
      const value = response.headers.get('secure-session-challenge');
      expect(value).toMatch(new RegExp(`^${STRING};id=${STRING}$`));
      expect(value).toContain(`;id="${id}"`);
    }
    expect([missing.status, renewed.status]).toEqual([403, 200]);
  });
});

/** The forms of a string that the specification and today's browsers have. Parameters are to be ignored. */
const FORMS: readonly (readonly [string, (value: string) => string])[] = [
  ['as a bare value', (value) => value],
  ['as a string', (value) => `"${value}"`],
  ['as a string with parameters', (value) => `"${value}";later;by="2"`],
];

describe('the headers of a browser', () => {
  it.each(FORMS)('Secure-Session-Response is read %s at a registration', async (_what, form) => {
    const { response } = await openSite().register(form);
    expect(response.status).toBe(200);
  });

  it.each(FORMS)('both are read %s at a renewal', async (_what, form) => {
    const { send, id, device, challenge } = await bind();
    const response = await send('/session/bind', {
      'Sec-Secure-Session-Id': form(id),
      'Secure-Session-Response': form(device.prove(challenge)),
    });
    expect(response.status).toBe(200);
  });

  it.each([
    'unreachable;session_identifier="123", quota_exceeded;session_identifier="456"',
    'server_error',
  ])('a guard returns 503 for Secure-Session-Skipped: %s', async (skipped) => {
    const web = createWebSessions(createSessions({ logger: silentLogger }), {
      transport: 'cookie',
      bound: dbsc(),
    });
    const ask = (headers: Record<string, string>) =>
      web.handle(
        { request: new Request(`${ORIGIN}/me`, { headers }) },
        web.guard({}, () => new Response('guarded')),
      );
    expect((await ask({})).status).toBe(401);
    expect((await ask({ 'Secure-Session-Skipped': skipped })).status).toBe(503);
  });
});

describe('the session instructions', () => {
  it('are valid for a browser, and the cookie beside them is the one that they name', async () => {
    const { response } = await openSite().register();
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const instructions = await response.json();
    expect(instructions).toMatchObject({
      session_identifier: expect.stringMatching(/./),
      scope: { include_site: false },
      credentials: [{ type: 'cookie', name: '__Host-sess' }],
    });
    expect(instructions).not.toHaveProperty('continue');
    const refreshUrl = new URL(instructions.refresh_url, `${ORIGIN}/session/bind`);
    expect([refreshUrl.protocol, refreshUrl.origin]).toEqual(['https:', ORIGIN]);
    const [{ name, attributes }] = instructions.credentials;
    expect(attributes).not.toMatch(/partitioned/i);
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie.startsWith(`${name}=`)).toBe(true);
    const set = cookie.split('; ').slice(1);
    expect(set.filter((part) => !part.startsWith('Max-Age=')).sort()).toEqual(
      attributes.split('; ').sort(),
    );
  });

  it('are the same at each renewal', async () => {
    const { renew, device, challenge, instructions } = await bind();
    const first = await renew({ 'Secure-Session-Response': device.prove(challenge) });
    expect(await first.json()).toEqual(instructions);
    const second = await renew({ 'Secure-Session-Response': device.prove(readChallenge(first)) });
    expect(await second.json()).toEqual(instructions);
  });
});

describe('a proof', () => {
  it('of a registration may have members that a server has not asked for', async () => {
    const { response } = await openSite().register(undefined, { kid: 'ignored' });
    expect(response.status).toBe(200);
  });

  it('of a renewal has no key, and one over an earlier challenge gets 403 with the newest', async () => {
    const { renew, device, challenge } = await bind();
    const named = device.prove(challenge, { jwk: device.jwk });
    expect((await renew({ 'Secure-Session-Response': named })).status).toBe(401);
    const good = { 'Secure-Session-Response': device.prove(challenge) };
    const renewed = await renew(good);
    const late = await renew(good);
    expect([renewed.status, late.status]).toEqual([200, 403]);
    expect(readChallenge(late)).toBe(readChallenge(renewed));
  });
});
