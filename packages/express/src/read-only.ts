import { UsageError } from '@sess/core';

/** In the chain of prototypes: JavaScript asks it before it adds a member to an object without that member. */
const REFUSES_MEMBERS = new Proxy(Object.freeze({}), {
  set(_target, name) {
    throw new UsageError(
      'invalid_argument',
      `req.session.${String(name)}: expected no assignment, because sessions are read-only. Write await req.sessions.update({ … }).`,
    );
  },
});

const views = new WeakMap<object, object>();

/**
 * Returns a frozen copy of a session that throws when a member is added to it, also where the code is not in strict
 * mode: there, JavaScript ignores the assignment to a frozen object. For development: it is no plain object.
 */
export function createReadOnlyView<Value extends object | null>(session: Value): Value {
  if (session === null) return session;
  const known = views.get(session);
  if (known !== undefined) return known as NonNullable<Value>;
  const members = Object.getOwnPropertyDescriptors(session);
  const view: object = Object.freeze(Object.create(REFUSES_MEMBERS, members));
  views.set(session, view);
  return view as NonNullable<Value>;
}
