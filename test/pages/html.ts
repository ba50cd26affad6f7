import type { Sessions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';

/** What an application of the browser tests is made of. */
export interface PagesSetup {
  readonly sessions: Sessions;
  readonly options: HttpOptions;
  readonly pages: Pages;
  /** 0 for any. */
  readonly port: number;
}

/** The pages, and what their forms have done. */
export interface Pages {
  /** Returns the guarded page. */
  show(subject: string): string;
  /** How many notes were written by `POST /note`, which is guarded. */
  notes: number;
}

/** The guarded route that the page requests many times. */
export const PARTS = '/part';
/** Where a browser is sent after a sign-out. */
export const READ_COUNT = '/bye';

export const SIGN_IN = `<!doctype html><title>sign in</title>
<form method="post" action="/sign-in"><button>Sign in</button></form>`;

/** Requests 20 parts in parallel, and has their statuses as its title when all are done. */
const SCRIPT = `Promise.all(Array.from({ length: 20 }, (_, n) =>
  fetch('/part?' + n).then(({ status }) => status, () => 0)
)).then((all) => { document.title = 'parts ' + [...new Set(all)].join(' ') })`;

/** Creates the pages of one application. `head` is added to the guarded one. */
export function createPages(head = ''): Pages {
  return {
    notes: 0,
    show: (subject) => `<!doctype html><title>loading</title>${head}
<p>Signed in as ${subject}. <a href="/page?next">Next</a></p>
<img src="/part?picture" alt=""><link rel="stylesheet" href="/part?style">
<form method="post" action="/note"><button>Write</button></form>
<form method="post" action="/session/logout"><button>Sign out</button></form>
<script>${SCRIPT}</script>`,
  };
}
