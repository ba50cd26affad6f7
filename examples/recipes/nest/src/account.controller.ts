import { Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import type { RequestSession } from '@sess/core';
import { RequireSession, Sessions } from './session.guard.js';

@Controller()
export class AccountController {
  @Get()
  @Header('Content-Type', 'text/html')
  home(): string {
    return '<a href="/account">Account</a>';
  }

  @Get('sign-in')
  @Header('Content-Type', 'text/html')
  form(): string {
    return '<form method="post"><button>Sign in</button></form>';
  }

  @Post('sign-in')
  @Redirect('/account', 303)
  async signIn(@Sessions() sessions: RequestSession): Promise<void> {
    // Check a password here.
    await sessions.start({ subject: 'ada' });
  }

  @Get('account')
  @Header('Content-Type', 'text/html')
  @RequireSession({ redirectTo: '/sign-in' })
  account(@Sessions() { session }: RequestSession): string {
    return `<p>Signed in as ${session?.subject}</p>
<form method="post" action="/session/logout"><button>Sign out</button></form>`;
  }
}
