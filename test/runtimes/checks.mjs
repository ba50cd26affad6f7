// What the adapter must do on every runtime, over real sockets. Each check throws when it fails.
import assert from 'node:assert/strict';
import { send } from './client.mjs';

const PARALLEL = 20;
const bearer = (token) => ['Authorization', `Bearer ${token}`];
const jar = (cookie) => ['Cookie', cookie];

/** `face` names the routes of the server; an example has no `/login/:kind`. */
export function checksFor(base, face) {
  const ask = (method, path, request) => send(base, method, path, request);

  async function login(path = '/login') {
    const answer = await ask('POST', path, { json: { user: 'ada' } });
    const cookie = answer.cookies.find((line) => line.startsWith('__Host-sess='));
    return { answer, cookie: cookie?.split(';')[0], token: tokenOf(answer) };
  }

  async function meAs(token) {
    return (await ask('GET', '/me', { lines: [bearer(token)] })).status;
  }

  const checks = {
    async 'signs in with a token and one cookie'() {
      const { answer, cookie, token } = await login();
      assert.equal(answer.status, 200);
      assert.equal(answer.cookies.length, 1);
      assert.match(cookie, /^__Host-sess=srt_/);
      assert.match(token, /^sat_/);
      assert.equal(answer.headers['cache-control'], 'no-store');
    },
    async 'accepts the access token'() {
      const { token } = await login();
      const me = await ask('GET', '/me', { lines: [bearer(token)] });
      assert.equal(JSON.parse(me.text).subject, 'ada');
      const head = await ask('HEAD', '/me', { lines: [bearer(token)] });
      assert.deepEqual([head.status, head.text], [200, '']);
    },
    async 'refreshes and still accepts the earlier access token'() {
      const { cookie, token } = await login();
      const refreshed = await ask('POST', '/session/refresh', { lines: [jar(cookie)] });
      assert.equal(refreshed.status, 200);
      assert.notEqual(tokenOf(refreshed), token);
      assert.deepEqual([await meAs(token), await meAs(tokenOf(refreshed))], [200, 200]);
    },
    async 'gives parallel refreshes one successor'() {
      const { cookie } = await login();
      const answers = await Promise.all(
        Array.from({ length: PARALLEL }, () =>
          ask('POST', '/session/refresh', { lines: [jar(cookie)] }),
        ),
      );
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.equal(new Set(answers.map(tokenOf)).size, 1);
      const jars = answers.map(({ cookies }) => cookies.map((line) => line.split(';')[0]).join());
      assert.equal(new Set(jars).size, 1);
    },
    async 'signs out and rejects every token'() {
      const { cookie, token } = await login();
      const out = await ask('POST', '/session/logout', { lines: [jar(cookie)] });
      assert.deepEqual([out.status, out.text], [204, '']);
      assert.match(out.cookies.join(), /^__Host-sess=; .*Max-Age=0$/);
      assert.equal(await meAs(token), 401);
      const late = await ask('POST', '/session/refresh', { lines: [jar(cookie)] });
      assert.equal(late.status, 401);
    },
    async 'challenges requests without a session'() {
      const none = await ask('GET', '/me');
      assert.deepEqual([none.status, none.headers['www-authenticate']], [401, 'Bearer']);
      assert.equal(none.headers['content-type'], 'application/problem+json');
      const bad = await ask('GET', '/me', { lines: [bearer('x')] });
      assert.equal(bad.headers['www-authenticate'], 'Bearer error="invalid_token"');
    },
    async 'refuses two Authorization lines, even if one is valid'() {
      const { token } = await login();
      for (const other of ['Basic x', `Bearer ${token}`, 'Bearer x']) {
        const lines = [['Authorization', other], bearer(token)];
        for (const order of [lines, lines.toReversed()]) {
          assert.equal((await ask('GET', '/me', { lines: order })).status, 400, other);
        }
      }
    },
    async 'refuses a duplicate cookie, in one line or in two'() {
      const { cookie } = await login();
      for (const lines of [[jar(`${cookie}; ${cookie}`)], [jar(cookie), jar(cookie)]]) {
        assert.equal((await ask('POST', '/session/refresh', { lines })).status, 400);
      }
    },
    async 'refuses wrong methods and other sites'() {
      const wrong = await ask('GET', '/session/refresh');
      assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'POST']);
      const lines = [['Sec-Fetch-Site', 'cross-site']];
      assert.equal((await ask('POST', '/session/logout', { lines })).status, 403);
      const own = [['Origin', base]];
      assert.equal((await ask('POST', '/session/logout', { lines: own })).status, 204);
    },
  };
  if (face !== 'example') {
    checks['sets the cookie once, on every kind of response'] = async () => {
      for (const kind of ['json', 'raw', 'redirect', 'fixed', 'stream', 'throw']) {
        const { answer, cookie } = await login(`/login/${kind}`);
        assert.match(cookie ?? '', /^__Host-sess=srt_/, kind);
        const names = answer.cookies.map((line) => line.split('=')[0]).sort();
        // Hono ignores headers of the context when the handler returns its own Response.
        const own = { raw: ['raw'], fixed: [] }[kind] ?? ['app'];
        assert.deepEqual(names, ['__Host-sess', ...own], kind);
        assert.equal((await ask('POST', '/session/refresh', { lines: [jar(cookie)] })).status, 200);
      }
    };
  }
  return Object.entries(checks);
}

function tokenOf({ text }) {
  try {
    return JSON.parse(text).access_token;
  } catch {
    return undefined;
  }
}
