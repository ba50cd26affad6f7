import { expect, it } from 'vitest';
import worker from '../src/worker.js';

const BASE = 'https://sess.example';

it('serves sign-in and guarded routes as a Worker, with the address from cf-connecting-ip', async () => {
  const login = await worker.fetch(
    new Request(`${BASE}/login`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'CF-Connecting-IP': '203.0.113.7',
        Origin: BASE,
      },
      body: '{"user":"ada"}',
    }),
  );
  expect(login.status).toBe(200);
  expect(login.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sess=srt_/)]);
  const { access_token: token } = (await login.json()) as { access_token: string };
  const headers = { Authorization: `Bearer ${token}` };
  const me = await worker.fetch(new Request(`${BASE}/me`, { headers }));
  expect(await me.json()).toMatchObject({ subject: 'ada', device: { ip: '203.0.113.7' } });
});
