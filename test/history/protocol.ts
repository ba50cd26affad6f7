import type { Kind, Outcome } from './history.js';

/** A call that a worker is to make. */
export interface Order {
  readonly id: number;
  readonly kind: Kind;
  readonly subject: string;
  readonly sid?: string;
  readonly token?: string;
  readonly spared?: string;
  readonly patch?: { readonly key: string; readonly value: number };
}

/** What came of it. */
export interface Result {
  readonly outcome: Outcome;
  readonly detail?: string;
  readonly isUnexpected?: boolean;
  readonly sid?: string;
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly seen?: Readonly<Record<string, number>>;
}

/** What a worker sends. */
export type Message =
  | { readonly type: 'ready' }
  | (Result & {
      readonly type: 'answer';
      readonly id: number;
      readonly from: number;
      readonly to: number;
      readonly starved: number;
    })
  | {
      readonly type: 'event';
      readonly at: number;
      readonly name: 'reuse' | 'revoked';
      readonly cause?: string;
      readonly sid?: string;
    };
