import {
  asFormer,
  boundDigest,
  decidePresentation,
  decideRefresh,
  deriveAccessSecret,
  digest,
  type EngineContext,
  findFormer,
  findFormerAccess,
  isSameDigest,
  type PresentationAttempt,
  type PresentationDecision,
  policyOf,
  type RefreshAttempt,
  type RotationDecision,
  type Rules,
  UNKNOWN,
  unbind,
} from '@sess/core/internal';
import { type AuthPart, type DeviceBinding, isExpired, type SessionRecord } from '@sess/core/store';

/** The access tokens that a record keeps. */
const MAX_ENTRIES = 8;

/** The cookie is of no use any more without a proof of the device's key. */
const UNBOUND = { kind: 'reject', reason: 'unbound' } as const;
const EXPIRED = { kind: 'reject', reason: 'expired' } as const;

/** Returns the binding of a session to a device. */
export function deviceOf({ auth }: SessionRecord): DeviceBinding | undefined {
  return auth.binding?.kind === 'dbsc' ? auth.binding : undefined;
}

/** Returns the entry of a cookie, also of one that has run out. */
export function findCookie(
  { cookies }: DeviceBinding,
  secret: string,
): DeviceBinding['cookies'][number] | undefined {
  const digestOfCookie = boundDigest(secret);
  return cookies.find((cookie) => isSameDigest(cookie.digest, digestOfCookie));
}

/** Creates what judges the cookies of bound sessions for an engine. */
export function createDeviceRules(context: EngineContext): Rules {
  const { settings, store, events } = context;
  /** Sessions whose pending binding is being settled. */
  const settling = new Set<string>();

  /** Records that the browser has received a cookie of the binding. The next use of it tries again after a failure. */
  async function settle(sid: string): Promise<void> {
    if (settling.has(sid)) return;
    settling.add(sid);
    try {
      const { record } = await store.load(sid);
      const binding = record && deviceOf(record);
      if (record === undefined || binding?.isPending !== true) return;
      await store.replaceAuth(record, {
        ...record.auth,
        binding: { ...binding, isPending: false },
      });
    } catch {
      // The store's calls report it, and the request that started this has its session.
    } finally {
      settling.delete(sid);
    }
  }

  /** Decides about a cookie that is not one of the binding. */
  function presentOther(
    attempt: PresentationAttempt,
    binding: DeviceBinding,
  ): PresentationDecision {
    const { record, token, at } = attempt;
    const former = findFormerAccess(record.auth, boundDigest(token.secret), at);
    if (former !== undefined) {
      return { kind: 'accept' as const, isLatest: false, shown: asFormer(record, former) };
    }
    if (at >= binding.formerUntil && binding.isPending) return showFormer(attempt);
    // While requests with it may be on their way, it is not renewed: the browser may just be receiving the bound one.
    const isOpen = at < binding.formerUntil || findFormer(record.auth, token, at) !== undefined;
    const decision = isOpen ? showFormer({ ...attempt, canRenew: false }) : UNBOUND;
    if (decision.kind === 'accept') return decision;
    if (binding.isPending) return UNKNOWN;
    const { sid, data } = record;
    const report = () => events.emit('unbound-use', { sid, subject: data.subject });
    return { ...UNBOUND, report };
  }

  /** Decides by the rules for sessions that are not bound. A renewal drops the binding. */
  function showFormer(attempt: PresentationAttempt): PresentationDecision {
    const record = unbind(attempt.record);
    const decision = decidePresentation({ ...attempt, record });
    if (decision.kind !== 'accept') return decision;
    return { kind: 'accept', isLatest: false, shown: decision.shown ?? record };
  }

  function refreshFormer(attempt: RefreshAttempt, binding: DeviceBinding): RotationDecision {
    const isOverlapping = attempt.at < binding.formerUntil;
    const record = unbind(attempt.record);
    const renewAfter = isOverlapping ? Number.POSITIVE_INFINITY : attempt.renewAfter;
    const decision = decideRefresh({ ...attempt, record, renewAfter });
    if (decision.kind !== 'answer') return decision.kind === 'end' ? UNKNOWN : decision;
    if (decision.auth === record.auth) return { ...decision, auth: attempt.record.auth };
    return isOverlapping ? { ...decision, auth: { ...decision.auth, binding } } : decision;
  }

  return {
    present(attempt): PresentationDecision {
      const { record, token, at } = attempt;
      const binding = deviceOf(record);
      if (binding === undefined) return decidePresentation(attempt);
      if (isExpired(record, at)) return EXPIRED;
      const cookie = findCookie(binding, token.secret);
      if (cookie === undefined || at >= cookie.expiresAt) return presentOther(attempt, binding);
      if (!binding.isPending) {
        return { kind: 'accept', isLatest: cookie === binding.cookies.at(-1) };
      }
      void settle(record.sid);
      const auth = { ...record.auth, binding: { ...binding, isPending: false } };
      return { kind: 'accept', isLatest: false, shown: { ...record, auth } };
    },

    refresh(attempt): RotationDecision {
      const { record, token, at } = attempt;
      const binding = deviceOf(record);
      if (binding === undefined) return decideRefresh(attempt);
      if (isExpired(record, at)) return EXPIRED;
      const cookie = findCookie(binding, token.secret);
      if (cookie === undefined || at >= cookie.expiresAt) {
        const isOpen = at < binding.formerUntil || binding.isPending;
        return isOpen ? refreshFormer(attempt, binding) : UNBOUND;
      }
      // Derived from the cookie and the time, so that all calls get the same one. It ends with the cookie.
      const { accessTtl } = policyOf(settings, record.data.life);
      const since = cookie.expiresAt - binding.cookieTtl;
      const count = Math.max(0, Math.floor((at - since) / (accessTtl / 2)));
      const accessSecret = deriveAccessSecret(token.secret, '', count);
      const entry = {
        digest: digest(accessSecret),
        expiresAt: Math.floor(
          Math.min(since + (count * accessTtl) / 2 + accessTtl, cookie.expiresAt),
        ),
      };
      const { auth } = record;
      const isRepeated = auth.access.at(-1)?.digest === entry.digest && !attempt.isAccessDead;
      const others = auth.access.filter((other) => other.digest !== entry.digest);
      const access = [...others.slice(1 - MAX_ENTRIES), entry];
      return {
        kind: 'answer',
        auth: isRepeated ? auth : { ...auth, access },
        generation: token.generation,
        refreshSecret: token.secret,
        accessSecret,
        replayed: false,
        isRepeated,
      };
    },

    issue: (auth, { refreshSecret }, earlier) =>
      earlier === undefined ? auth : rebind(auth, earlier, refreshSecret),
  };
}

/**
 * Returns what a re-authentication writes: the key stays, and the only cookie is the new refresh token. A browser that may
 * not know of its binding yet is offered another one.
 */
export function rebind(auth: AuthPart, earlier: AuthPart, refreshSecret: string): AuthPart {
  const { binding } = earlier;
  if (binding?.kind !== 'dbsc') return binding === undefined ? auth : { ...auth, binding };
  if (binding.isPending) return auth;
  const at = auth.authenticatedAt;
  const entry = { digest: boundDigest(refreshSecret), expiresAt: at + binding.cookieTtl };
  const salt = auth.steps[0]?.salt ?? '';
  const bound = { ...auth, binding: { ...binding, salt, cookies: [entry], formerUntil: 0 } };
  const current = auth.former?.at(-1);
  if (current?.family !== earlier.family) return bound;
  // Requests with the earlier cookies may be on their way. Their digests are those of no access token.
  const live = binding.cookies.filter((cookie) => cookie.expiresAt > at);
  const cookies = live.map(({ digest: known, expiresAt }) => ({
    digest: known,
    expiresAt: Math.min(expiresAt, current.expiresAt),
  }));
  const family = { ...current, access: [...current.access, ...cookies] };
  return { ...bound, former: [...(auth.former ?? []).slice(0, -1), family] };
}
