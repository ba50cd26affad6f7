import { Window } from 'happy-dom';
import { act, createElement, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SessionClient } from '../src/index.js';
import { useSession } from '../src/react.js';
import { sidOf } from './fakes/api.js';
import { createWorld, settle } from './fakes/world.js';

interface Props {
  readonly client: SessionClient;
  readonly onRender?: () => void;
}

function Greeting({ client, onRender }: Props): ReactElement {
  onRender?.();
  const { signedIn, sid, subject } = useSession(client);
  return createElement('p', null, `${signedIn} ${sid} ${subject}`);
}

/** Renders into a page of happy-dom, and returns a function that returns its text. */
async function render(element: ReactElement): Promise<() => string | null> {
  const window = new Window();
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', window.document);
  vi.stubGlobal('navigator', window.navigator);
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // Looks for the page when it is loaded.
  const { createRoot } = await import('react-dom/client');
  const root = createRoot(window.document.body as never);
  await act(async () => root.render(element));
  onTestFinished(async () => {
    await act(async () => root.unmount());
    vi.unstubAllGlobals();
    await window.happyDOM.close();
  });
  return () => window.document.body.textContent;
}

describe('useSession', () => {
  it('renders again on a sign-in, a change of user and a sign-out, and not on a renewal', async () => {
    const { api, open } = createWorld();
    const [client, other] = [open(), open()];
    let renders = 0;
    const onRender = (): void => void renders++;
    const text = await render(createElement(Greeting, { client, onRender }));
    expect(text()).toBe('undefined undefined undefined');
    await act(() => client.start(api.issue('ada')));
    expect(text()).toBe(`true ${sidOf('ada', 1)} undefined`);
    await act(async () => {
      await client.refresh();
      await settle();
    });
    expect(text()).toBe(`true ${sidOf('ada', 1)} undefined`);
    await act(async () => {
      await other.start(api.issue('grace'));
      await settle();
    });
    expect(text()).toBe(`true ${sidOf('grace', 3)} undefined`);
    await act(() => client.logout());
    expect(text()).toBe('false undefined undefined');
    expect(renders).toBe(4);
  });

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
