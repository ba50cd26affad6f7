import { createSessions, type Session, type Sessions, type SessionsOptions } from '@sess/core';

/** An engine with a mistake, made of one without. */
export type EngineFault = (options: SessionsOptions) => Sessions;

/** Remembers what it has accepted, and asks nobody again. */
export const rememberingVerify: EngineFault = (options) => {
  const sessions = createSessions(options);
  const accepted = new Map<unknown, Awaited<ReturnType<Sessions['verify']>>>();
  return {
    ...sessions,
    async verify(token) {
      const known = accepted.get(token);
      if (known !== undefined) return known;
      const result = await sessions.verify(token);
      if (result.ok) accepted.set(token, result);
      return result;
    },
  };
};

/** Asks whether the session is still there, and not whether the token is. */
export const timelessVerify: EngineFault = (options) => {
  const sessions = createSessions(options);
  const accepted = new Map<unknown, string>();
  return {
    ...sessions,
    async verify(token) {
      const session = await sessions.get(accepted.get(token) ?? '');
      if (session !== undefined) return { ok: true, session };
      const result = await sessions.verify(token);
      if (result.ok) accepted.set(token, result.session.sid);
      return result;
    },
  };
};

/** Gives an answer to whoever asks next, as a connection does whose replies are out of step. */
export const crossedAnswers: EngineFault = (options) => {
  const sessions = createSessions(options);
  let last: Session | undefined;
  return {
    ...sessions,
    async verify(token) {
      const result = await sessions.verify(token);
      if (!result.ok) return result;
      const session = last ?? result.session;
      last = result.session;
      return { ok: true, session };
    },
  };
};

/** Ends the tokens before a re-authentication with it. */
export const hastyElevation: EngineFault = (options) => createSessions({ ...options, overlap: 0 });

/** Lets the store's own faults through. */
export const rawFaults: EngineFault = (options) => {
  const sessions = createSessions(options);
  return {
    ...sessions,
    refresh: (token) =>
      sessions.refresh(token).catch((error: Error) => {
        throw error.cause;
      }),
  };
};
