import type { RequestSession } from '@sess/core';

declare global {
  namespace App {
    interface Locals {
      sessions: RequestSession;
    }
  }
}
