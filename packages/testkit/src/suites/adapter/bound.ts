import { describeBoundCookie } from './bound-cookie.js';
import { describeBoundLife } from './bound-life.js';
import { describeRegistration } from './bound-registration.js';
import { describeBoundRenewal } from './bound-renewal.js';
import { createBoundHost } from './device.js';
import type { Target } from './host.js';

/** Sessions that are bound to a key of the browser (W3C Device Bound Session Credentials). */
export function describeBound(target: Target): void {
  const { bound } = target;
  if (bound === undefined) return;
  const open = createBoundHost(target, bound);
  describeRegistration(open);
  describeBoundCookie(open);
  describeBoundRenewal(open);
  describeBoundLife(open);
}
