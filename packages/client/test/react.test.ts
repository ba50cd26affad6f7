import { createElement, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { SessionClient } from '../src/index.js';
import { useSession } from '../src/react.js';
import { createWorld } from './fakes/world.js';

function Greeting({ client }: { readonly client: SessionClient }): ReactElement {
  return createElement('p', null, `signed in: ${useSession(client).signedIn}`);
}

describe('useSession', () => {
  it('knows nothing while a server renders, whoever is signed in', async () => {
    const { api, open } = createWorld();
    const client = open();
    await client.start(api.issue());
    const html = renderToString(createElement(Greeting, { client }));
    expect(html).toBe('<p>signed in: undefined</p>');
  });

  it('subscribes as React does: apart from the client, and again before it stops', async () => {
    const { api, open } = createWorld();
    const client = open();
    const { subscribe } = client;
    let calls = 0;
    const onChange = (): void => void calls++;
    const stops = [subscribe(onChange), subscribe(onChange)];
    stops[0]?.();
    await client.start(api.issue());
    expect(calls).toBe(1);
    stops[1]?.();
    stops[1]?.();
    await client.logout();
    expect(calls).toBe(1);
  });
});
