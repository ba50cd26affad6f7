import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export const FIREFOX_ON_WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** A user of the page: one cookie jar, one tab or more. */
export class Visitor {
  readonly page: Page;
  /** Console messages that are not about the status of a request, for example policy violations. */
  readonly complaints: readonly string[];

  private constructor(page: Page, complaints: readonly string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  static async arrive(
    browser: Browser,
    base: string,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    return Visitor.open(await context.newPage(), base);
  }

  static async open(page: Page, base: string): Promise<Visitor> {
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        complaints.push(message.text());
      }
    });
    await page.goto(base);
    return new Visitor(page, complaints);
  }

  /** Opens another tab of the same browser. */
  async openTab(): Promise<Visitor> {
    return Visitor.open(await this.page.context().newPage(), this.page.url());
  }

  async signIn(user: string): Promise<void> {
    await this.page.getByLabel('User').fill(user);
    await this.press('Sign in');
    // The list is the last request of a sign-in.
    await this.page.locator('#devices li').first().waitFor();
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  async text(id: string): Promise<string> {
    return (await this.page.locator(`#${id}`).textContent()) ?? '';
  }

  /** Returns the id of the focused element. */
  focused(): Promise<string> {
    return this.page.evaluate('document.activeElement?.id ?? ""');
  }

  /** Returns the lines of the log, newest first. */
  log(): Promise<string[]> {
    return this.page.locator('#log li').allTextContents();
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }
}
