import type { SessionRoute } from '@sess/core/http';
import type { FastifySchema } from 'fastify';

/** A route's schema with what @fastify/swagger reads besides. */
interface RouteSchema extends FastifySchema {
  readonly hide?: boolean;
  readonly tags?: readonly string[];
  readonly summary?: string;
}

type Responses = Readonly<Record<number, object>>;

/** Keeps a route out of the documentation. */
export const HIDDEN: RouteSchema = { hide: true };

const string = { type: 'string' };
const integer = { type: 'integer' };

const PROBLEM = object(['title', 'status', 'detail', 'code'], {
  title: string,
  status: integer,
  detail: string,
  code: string,
});
const REFRESH_TOKEN = { refresh_token: string };
const REVOKED = json('How many sessions were ended.', object(['revoked'], { revoked: integer }));
const SESSION_MEMBERS = {
  sid: string,
  subject: string,
  data: { type: 'object', additionalProperties: true },
  device: object([], { userAgent: string, ip: string, label: string }),
  createdAt: integer,
  authenticatedAt: integer,
  lastUsedAt: integer,
  expiresAt: integer,
};
const SESSION = object(Object.keys(SESSION_MEMBERS), SESSION_MEMBERS);
const LISTED = object([...SESSION.required, 'current'], {
  ...SESSION_MEMBERS,
  current: { type: 'boolean' },
});

const MALFORMED = { 400: problem('The credentials are malformed, or were sent twice.') };
const REFUSED = { 401: problem('There is no session.') };
const FOREIGN = { 403: problem('The request comes from another site.') };
const UNAVAILABLE = { 503: problem('The store does not answer. Try again.') };
const GUARDED = { ...MALFORMED, ...REFUSED, ...UNAVAILABLE };
const ENDED = { 204: { type: 'null', description: 'It has ended.' } };

/** Routes by their path below the base. */
const ROUTES: Readonly<
  Record<string, { readonly summary: string; readonly responses: Responses }>
> = {
  '/refresh': {
    summary: 'Rotates the refresh token and answers an access token',
    responses: { ...MALFORMED, ...REFUSED, ...FOREIGN, ...UNAVAILABLE },
  },
  '/logout': {
    summary: 'Ends the session that the request carries',
    responses: { ...ENDED, ...MALFORMED, ...FOREIGN, ...UNAVAILABLE },
  },
  '/logout-all': {
    summary: "Ends all of the user's sessions",
    responses: { 200: REVOKED, ...GUARDED },
  },
  '/logout-others': {
    summary: "Ends all of the user's sessions but this one",
    responses: { 200: REVOKED, ...GUARDED },
  },
  '': {
    summary: 'The session of the request',
    responses: { 200: json('The session. Times are epoch milliseconds.', SESSION), ...GUARDED },
  },
  '/list': {
    summary: "The user's sessions, this one marked",
    responses: {
      200: json(
        'The sessions.',
        object(['sessions'], { sessions: { type: 'array', items: LISTED } }),
      ),
      ...GUARDED,
    },
  },
  '/:sid': {
    summary: "Ends one of the user's sessions",
    responses: { ...ENDED, ...GUARDED, 404: problem('The user has no such session.') },
  },
  '/.well-known/jwks.json': {
    summary: 'The public keys that access tokens are verified with',
    responses: {
      200: { description: 'A JWK Set (RFC 7517).' },
      404: problem('The keys are secrets, or there are none.'),
    },
  },
};

/** What a session route takes and answers, for documentation. */
export function schemaOf({ below }: SessionRoute, hasTokenInBody: boolean): RouteSchema {
  const { summary, responses } = ROUTES[below] ?? { summary: '', responses: {} };
  const isRefresh = below === '/refresh';
  const takesToken = isRefresh || below === '/logout';
  return {
    tags: ['session'],
    summary,
    ...(hasTokenInBody && takesToken
      ? { body: object(isRefresh ? ['refresh_token'] : [], REFRESH_TOKEN) }
      : {}),
    response: { ...(isRefresh ? { 200: tokens(hasTokenInBody) } : {}), ...responses },
  };
}

function tokens(hasTokenInBody: boolean): object {
  const names = ['access_token', 'token_type', 'expires_in'];
  return json(
    'New tokens.',
    object(hasTokenInBody ? [...names, 'refresh_token'] : names, {
      access_token: string,
      token_type: { type: 'string', enum: ['Bearer'] },
      expires_in: { type: 'integer', description: 'Seconds.' },
      ...(hasTokenInBody ? REFRESH_TOKEN : {}),
    }),
  );
}

function object(required: readonly string[], properties: Readonly<Record<string, object>>) {
  return { type: 'object', required, properties };
}

function json(description: string, schema: object): object {
  return { description, content: { 'application/json': { schema } } };
}

function problem(description: string): object {
  return { description, content: { 'application/problem+json': { schema: PROBLEM } } };
}
