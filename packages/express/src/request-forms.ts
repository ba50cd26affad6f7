import type { RegisteredData, Session } from '@sess/core';

/** Other forms of `req.session`, filled by the entry points that show them. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface RequestForms {}

/** The type of `req.session` in this program. */
export type SessionOfRequest = RequestForms extends { classic: infer Form }
  ? Form
  : Session<RegisteredData> | null;
