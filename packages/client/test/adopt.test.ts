import { adoptToken } from '@sess/client/adopt';
import { describe, expect, it } from 'vitest';

/** A page with an old token, and the requests that its client sends. */
function arrange(respond: (attempt: number) => Response | Error) {
  const sent: (string | null)[] = [];
  let token: string | null = 'old';
  const send = adoptToken({
    token: () => token,
    forget: () => {
      token = null;
    },
    fetch: async (_url, init) => {
      sent.push(new Headers(init?.headers).get('authorization'));
      const response = respond(sent.length);
      if (response instanceof Error) throw response;
      return response;
    },
  });
  return { sent, send, hasToken: () => token !== null };
}

const tokens = (name: string) => Response.json({ access_token: name, expires_in: 900 });
const URL = 'https://api.example.com/session/refresh';

describe('adoptToken', () => {
  it('sends the old token twice, returns the newest tokens, and forgets it', async () => {
    const { sent, send, hasToken } = arrange((attempt) => tokens(`${attempt}`));
    const response = await send(URL, { method: 'POST' });
    expect(await response.json()).toMatchObject({ access_token: '2' });
    expect(sent).toEqual(['Bearer old', 'Bearer old']);
    expect(hasToken()).toBe(false);
    await send(URL, { method: 'POST' });
    expect(sent.at(-1)).toBeNull();
  });

  it('keeps the old token while the server has not accepted it', async () => {
    const { sent, send, hasToken } = arrange(() => new Response(null, { status: 503 }));
    expect((await send(URL)).status).toBe(503);
    expect(sent).toHaveLength(1);
    expect(hasToken()).toBe(true);
  });

  it('returns the first tokens and keeps the old one if the second response is lost', async () => {
    const { send, hasToken } = arrange((attempt) =>
      attempt === 1 ? tokens('1') : new TypeError('fetch failed'),
    );
    expect(await (await send(URL)).json()).toMatchObject({ access_token: '1' });
    expect(hasToken()).toBe(true);
  });

  it('sends the old token to the refresh route only', async () => {
    const { sent, send } = arrange(() => tokens('1'));
    await send('https://api.example.com/session/logout');
    await send('https://api.example.com/refresh-me');
    expect(sent).toEqual([null, null]);
  });
});
