import type { Session, SessionData } from './types.js';

declare module '../request-forms.js' {
  interface RequestForms {
    classic: Session & Partial<SessionData>;
  }
}

declare global {
  namespace Express {
    interface Request {
      /** The public id of the session; for a visitor of whom nothing is stored yet, the id that it would get. */
      readonly sessionID: string;
    }
  }
}
