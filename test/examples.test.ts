import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { accessTokenOf, Client } from './demo/client.js';
import { startProgram } from './demo/process.js';

const FRAMEWORKS = {
  express: ['express'],
  fastify: ['fastify'],
  hono: ['hono', '@hono/node-server'],
};

describe.each(Object.entries(FRAMEWORKS))('examples/%s', (name, frameworks) => {
  it('has a program of at most 80 lines that imports only the framework, @sess and Node', () => {
    const text = readFileSync(`examples/${name}/src/app.ts`, 'utf8');
    const imports = [...text.matchAll(/^import .* from '([^']+)';$/gm)].map(
      ([, from = '']) => from,
    );
    const foreign = imports.filter((from) => !/^(?:@sess\/(?!example)|node:)/.test(from));
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
    expect([...new Set(foreign)].sort()).toEqual([...frameworks].sort());
    expect(text.match(/\bimport\b/g)).toHaveLength(imports.length);
  });

  it('signs a user up, changes the password, ends other sessions and stops on SIGTERM', async () => {
    const example = await startProgram(`${name}/dist/app.js`);
    const [laptop, phone] = [new Client(example.base), new Client(example.base)];
    const user = { email: 'ada@example.com', password: 'correct horse' };

    expect((await laptop.send('POST', '/login', { json: user })).status).toBe(401);
    const signedUp = await laptop.send('POST', '/sign-up', { json: user });
    expect(signedUp.status).toBe(201);
    expect((await laptop.send('POST', '/sign-up', { json: user })).status).toBe(409);
    expect(
      (await phone.send('POST', '/login', { json: { ...user, password: 'x'.repeat(9) } })).status,
    ).toBe(401);
    const onPhone = accessTokenOf(await phone.send('POST', '/login', { json: user }));
    expect((await laptop.send('GET', '/me')).status).toBe(401);

    const token = accessTokenOf(await laptop.send('POST', '/session/refresh'));
    const patched = await laptop.send('PATCH', '/me', { token, json: { theme: 'dark' } });
    expect(patched.status).toBe(200);
    const me = await laptop.send('GET', '/me', { token });
    expect(me.json).toEqual({ email: 'ada@example.com', data: { theme: 'dark' } });

    const wrong = { current: 'wrong', next: 'battery staple' };
    expect((await laptop.send('POST', '/password', { token, json: wrong })).status).toBe(403);
    const right = { current: user.password, next: 'battery staple' };
    const changed = accessTokenOf(await laptop.send('POST', '/password', { token, json: right }));
    expect((await laptop.send('GET', '/me', { token: changed })).status).toBe(200);
    expect((await phone.send('GET', '/me', { token: onPhone })).status).toBe(401);
    expect((await phone.send('POST', '/login', { json: user })).status).toBe(401);
    const list = await laptop.send('GET', '/session/list', { token: changed });
    expect(list.json).toMatchObject({ sessions: [{ current: true }] });

    expect((await laptop.send('POST', '/session/logout', { token: changed })).status).toBe(204);
    expect((await laptop.send('GET', '/me', { token: changed })).status).toBe(401);
    const { code, stderr } = await example.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
