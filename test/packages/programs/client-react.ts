import { createClient } from '@sess/client';
import { useSession } from '@sess/client/react';
import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { expect } from './expect.js';

const client = createClient({ baseUrl: 'https://api.example.com' });

function Greeting(): ReactNode {
  const { signedIn } = useSession(client);
  const known: boolean | undefined = signedIn;
  return createElement('p', null, known === undefined ? 'wait' : 'hello');
}

expect(
  renderToString(createElement(Greeting)) === '<p>wait</p>',
  'a server renders without a user',
);
client.close();
