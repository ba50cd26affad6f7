import type { RequestSession, Sessions } from '@sess/core';
import type { RequestFace } from '@sess/core/http';
import type { NextFunction, Request, Response } from 'express';
import type { ClassicExchange } from './exchange.js';
import type { ClassicSettings } from './options.js';

/** What a request is made of. */
export interface ClassicContext {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly exchange: ClassicExchange;
  readonly request: RequestSession;
  readonly face: RequestFace<Record<string, unknown>>;
  readonly sessions: Sessions;
  readonly settings: ClassicSettings;
  /** Called when a lifetime is changed after the sign-in. */
  readonly onLateLifetime: () => void;
}
