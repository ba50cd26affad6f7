import { createElement, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { SessionClient } from '../src/index.js';
import { useSession } from '../src/react.js';
import { createWorld } from './fakes/world.js';

function Greeting({ client }: { readonly client: SessionClient }): ReactElement {
  const { signedIn, sid, subject } = useSession(client);
  return createElement('p', null, `${signedIn} ${sid} ${subject}`);
}

describe('useSession', () => {
  it('returns undefined members while a server renders', async () => {
    const { api, open } = createWorld();
    const client = open();
    await client.start(api.issue('ada'));
    const html = renderToString(createElement(Greeting, { client }));
    expect(html).toBe('<p>undefined undefined undefined</p>');
  });

  it('can subscribe as React does: without a receiver, twice, and stopping twice', async () => {
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
