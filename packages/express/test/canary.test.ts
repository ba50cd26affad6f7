import { inspect } from 'node:util';
import { createMemoryLogger, sendRequest } from '@sess/testkit';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { makeEngine, TOKEN_MODES } from '../../../test/token-modes.js';
import { createHost } from './host.js';

it.each(TOKEN_MODES)(
  'lets no token into a log, an event, or an answer that is not its own: %s [logs.lines, logs.told, logs.answers]',
  async (mode) => {
    const logger = createMemoryLogger();
    const options = { accessTtl: '15m', grace: '0s' } as const;
    const sessions = await makeEngine(mode, { logger, options });
    const events: unknown[] = [];
    for (const name of ['created', 'refreshed', 'revoked', 'reuse', 'rejected'] as const) {
      sessions.on(name, (event) => void events.push(event));
    }
    const host = await createHost(express)({
      sessions,
      options: { routes: 'all' },
      gate: async () => {},
    });
    onTestFinished(() => host.close());

    const canaries: string[] = [];
    const said: unknown[] = [];
    /** Sends a request; its tokens become canaries, everything else of its answer is looked at. */
    async function send(
      method: string,
      path: string,
      carried: readonly [string, string][],
      body?: object,
    ) {
      const answer = await sendRequest(host.url + path, {
        method,
        headers: carried,
        ...(body ? { body } : {}),
      });
      const { access_token: token, ...rest } = answer.text === '' ? {} : JSON.parse(answer.text);
      const { 'set-cookie': _set, ...headers } = answer.headers;
      said.push(rest, headers, answer.status);
      const cookie = answer.setCookies[0]?.split(';')[0] ?? '';
      for (const part of [token, cookie]) {
        const secret = part?.split('.').at(-1) ?? '';
        if (secret.length === 43) canaries.push(secret);
      }
      const bearer: [string, string] = ['Authorization', `Bearer ${token}`];
      return { bearer, jar: cookie === '' ? bearer : (['Cookie', cookie] as [string, string]) };
    }

    const first = await send('POST', '/login', [], { user: 'ada' });
    const second = await send('POST', '/session/refresh', [first.jar]);
    await send('GET', '/me', [second.bearer]);
    await send('GET', '/session/list', [second.bearer]);
    await send('PATCH', '/me', [second.bearer], { note: 'kept' });
    const third = await send('POST', '/reauth', [second.bearer]);
    const fourth = await send('POST', '/session/refresh', [third.jar]);
    await send('GET', '/me', [fourth.bearer]);
    await send('POST', '/session/refresh', [third.jar]);
    await send('GET', '/me', [fourth.bearer]);
    await send('GET', '/me', [fourth.bearer, fourth.bearer]);

    // Without a store every token is access and refresh token at once, and a spent one is merely denied.
    const [count, word] = mode === 'stateless' ? [4, 'revoked'] : [8, 'reuse'];
    expect(canaries.length).toBeGreaterThanOrEqual(count);
    const everything = inspect([said, events, logger.lines, sessions], {
      depth: 12,
      maxArrayLength: null,
    });
    for (const canary of canaries) expect(everything).not.toContain(canary.slice(0, 12));
    expect(everything).toContain(word);
  },
);
