import { createClient, type SessionClient, SessionClientError } from '@sess/client';
import { adoptToken } from '@sess/client/adopt';
import { dpopKey } from '@sess/client/dpop';
import { expect } from './expect.js';

let asked = 0;
const client: SessionClient = createClient({
  baseUrl: 'https://api.example.com',
  environment: {
    async fetch(input, init) {
      asked += 1;
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      if (pathname === '/session/refresh') {
        return Response.json({ access_token: 'sat_new', token_type: 'Bearer', expires_in: 900 });
      }
      if (pathname === '/session/logout') return new Response(null, { status: 500 });
      const headers = input instanceof Request ? input.headers : new Headers(init?.headers);
      return Response.json({ authorization: headers.get('authorization') });
    },
  },
});

expect(client.signedIn === undefined, 'the state is unknown at first');
const answer = await client.fetch('https://api.example.com/me');
const { authorization } = (await answer.json()) as { authorization: string };
expect(authorization === 'Bearer sat_new', 'a request carries a token, fetched first');
expect(client.signedIn === true && asked === 2, 'the state is known after a request');
try {
  await client.logout();
  expect(false, 'a logout that the server rejects throws');
} catch (error) {
  expect(error instanceof SessionClientError, 'by an error of the library');
}
client.close();

const adopting = adoptToken({ token: () => null, forget: () => {} });
expect(typeof adopting === 'function', 'an old token is exchanged by a fetch');
expect(typeof dpopKey === 'function', 'a key proves each request');
