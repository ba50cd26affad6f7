import type { Session } from '../types.js';
import { type Reply, redirectReply } from './exchange.js';
import { isNavigation } from './fetch-metadata.js';
import { assertBoolean, type Requirements } from './guard.js';
import type { HttpRequest } from './http-request.js';
import { problemReply, stepUpReply } from './problem.js';
import { signInLocation } from './return-path.js';

/** Returns the reply that refuses a request, or `undefined` if it meets the requirements of its route. */
export function checkRequest<Data extends object>(
  request: HttpRequest<Data>,
  requirements: Requirements,
): Reply | undefined {
  const refusal = refuse(request, requirements);
  const { redirectTo } = requirements;
  const isRedirected =
    refusal?.status === 401 && redirectTo !== undefined && isNavigation(request.exchange);
  return isRedirected ? redirectReply(signInLocation(redirectTo, request.exchange)) : refusal;
}

function refuse<Data extends object>(
  request: HttpRequest<Data>,
  { maxAgeMs, acr, bound, where }: Requirements,
): Reply | undefined {
  if (!request.hasValidCredentials) return problemReply('invalid_request');
  if (request.refusal !== undefined) {
    // A page without scripts never asks the refresh route, which does the same. The next request has one cookie.
    if (request.refusal === 'invalid_request') request.cookie.clearOthers();
    return problemReply(request.refusal);
  }
  request.noteUse();
  const { session } = request;
  if (session === null) return request.refuse();
  const { clock } = request.http.sessions;
  const isOld = maxAgeMs !== undefined && clock.now() - session.authenticatedAt > maxAgeMs;
  const isOfClass = acr === undefined || (session.acr !== undefined && acr.includes(session.acr));
  if (isOld || !isOfClass) return stepUpReply({ maxAgeMs, acr });
  if (bound && session.binding === undefined) return problemReply('device_required');
  const isAllowed = where === undefined || assertBoolean(where(session as Session<never>));
  return isAllowed ? undefined : problemReply('access_denied');
}
