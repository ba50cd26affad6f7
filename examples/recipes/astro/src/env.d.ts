declare namespace App {
  interface Locals {
    sessions: import('@sess/core').RequestSession;
  }
}
