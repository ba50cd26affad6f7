import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onlineManager, type QueryClient } from '@tanstack/react-query';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readBlocks } from '../../../../test/docs/blocks.js';
import type { SessionClient } from '../../src/index.js';
import { type RecipeApi, startRecipeApi } from './api.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PAGE = `${ROOT}docs/guides/client-recipes.md`;

afterEach(() => vi.unstubAllGlobals());

/** Imports the program of the page that contains a text, with the address and the `fetch` of a test. */
async function load<Exports>(text: string, { base, fetch }: RecipeApi): Promise<Exports> {
  const block = readBlocks(PAGE).find(({ code }) => code.includes(text));
  if (block === undefined) throw new Error(`no program on the page contains ${text}`);
  const code = `${block.given}${block.code}`
    .replaceAll("{ baseUrl: 'https://api.example.com' }", '{ ...recipe }')
    .replaceAll('https://api.example.com', base);
  // Beside the page: its packages are those of the documentation.
  const folder = `${ROOT}docs/.cache/recipes`;
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/${block.line}-${new URL(base).port}.ts`;
  writeFileSync(path, code);
  vi.stubGlobal('recipe', { baseUrl: base, environment: { fetch } });
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Exports;
}

/** The calls of a recipe. */
interface Recipe {
  readonly client: SessionClient;
  readonly read: () => Promise<unknown>;
  readonly write: () => Promise<unknown>;
}

interface Axios {
  readonly client: SessionClient;
  readonly api: { get(path: string): Promise<{ readonly data: { readonly subject: string } }> } & {
    post(path: string, body: unknown): Promise<{ readonly data: { readonly subject: string } }>;
  };
}

const RECIPES: readonly [string, (api: RecipeApi) => Promise<Recipe>][] = [
  [
    'axios',
    async (server) => {
      const { client, api } = await load<Axios>("adapter: 'fetch'", server);
      return {
        client,
        read: async () => (await api.get('/me')).data.subject,
        write: async () => (await api.post('/notes', { a: 1 })).data.subject,
      };
    },
  ],
  [
    'axios with getToken',
    async (server) => {
      const { client, uploads: api } = await load<Axios & { uploads: Axios['api'] }>(
        'interceptors',
        server,
      );
      return {
        client,
        read: async () => (await api.get('/me')).data.subject,
        write: async () => (await api.post('/notes', { a: 1 })).data.subject,
      };
    },
  ],
  [
    'ky',
    async (server) => {
      const { client, createApi } = await load<{
        client: SessionClient;
        createApi(): {
          get(path: string): { json(): Promise<{ subject: string }> };
          put(path: string, options: object): { json(): Promise<{ subject: string }> };
        };
      }>("from 'ky'", server);
      return {
        client,
        read: async () => (await createApi().get('me').json()).subject,
        write: async () =>
          (
            await createApi()
              .put('notes', { json: { a: 1 } })
              .json()
          ).subject,
      };
    },
  ],
  [
    'tRPC',
    async (server) => {
      const { client, trpc } = await load<{
        client: SessionClient;
        trpc: { me: { query(): Promise<string> }; write: { mutate(): Promise<string> } };
      }>('createTRPCClient', server);
      return { client, read: () => trpc.me.query(), write: () => trpc.write.mutate() };
    },
  ],
  [
    'urql',
    async (server) => {
      interface Result {
        readonly data?: { readonly me: { readonly subject: string } };
        readonly error?: Error;
      }
      interface Graphql {
        query(text: string, variables: object): { toPromise(): Promise<Result> };
        mutation(text: string, variables: object): { toPromise(): Promise<Result> };
      }
      const recipe = await load<{ client: SessionClient; graphql: Graphql }>('graphql', server);
      const subjectOf = ({ data, error }: Result): string => {
        if (data === undefined) throw error ?? new Error('no data');
        return data.me.subject;
      };
      return {
        client: recipe.client,
        read: async () =>
          subjectOf(await recipe.graphql.query('query { me { subject } }', {}).toPromise()),
        write: async () =>
          subjectOf(await recipe.graphql.mutation('mutation { me { subject } }', {}).toPromise()),
      };
    },
  ],
  [
    'the global fetch',
    async (server) => {
      vi.stubGlobal('fetch', server.fetch);
      const { client } = await load<{ client: SessionClient }>('globalThis.fetch', server);
      const send = async (path: string, method: string): Promise<string> => {
        const response = await fetch(`${server.base}${path}`, { method });
        if (!response.ok) throw new Error(`${response.status}`);
        return ((await response.json()) as { subject: string }).subject;
      };
      return {
        client,
        read: () => send('/me', 'GET'),
        write: () => send('/notes', 'POST'),
      };
    },
  ],
];

describe.each(RECIPES)('the recipe for %s', (name, open) => {
  it('sends the token, also after a reload of the page', async () => {
    const api = await startRecipeApi();
    await api.signIn('ada');
    const { client, read, write } = await open(api);
    expect(await read()).toBe('ada');
    expect(await write()).toBe('ada');
    expect(client.sid).toHaveLength(32);
    expect(api.count('/session/refresh')).toBe(1);
  });

  it('never writes as the user who signed in by a form in the meantime', async () => {
    const api = await startRecipeApi();
    const { client, read, write } = await open(api);
    await client.start(await api.signIn('ada'));
    expect(await read()).toBe('ada');
    await api.signIn('grace');
    await expect(write()).rejects.toThrow();
    expect(api.written).toEqual([]);
    if (name === 'axios with getToken') await client.refresh();
    expect(await read()).toBe('grace');
  });

  it('never repeats a write after a network error as the next user', async () => {
    const api = await startRecipeApi();
    const { client, write } = await open(api);
    await client.start(await api.signIn('ada'));
    api.cut(1);
    const writing = write();
    writing.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.start(await api.signIn('grace'));
    await expect(writing).rejects.toThrow();
    expect(api.written).toEqual([]);
  });
});

describe('the recipe for TanStack Query', () => {
  interface Query {
    readonly client: SessionClient;
    readonly queries: QueryClient;
    readonly meQuery: () => {
      readonly queryKey: unknown[];
      readonly queryFn: () => Promise<{ readonly subject: string }>;
    };
  }

  it('gives each user a cache, and empties it on a change of user', async () => {
    const api = await startRecipeApi();
    const { client, queries, meQuery } = await load<Query>('QueryClient', api);
    await client.start(await api.signIn('ada'));
    const { queryKey } = meQuery();
    expect(await queries.fetchQuery(meQuery())).toEqual({ subject: 'ada' });
    await client.refresh();
    expect(queries.getQueryData(queryKey)).toEqual({ subject: 'ada' });
    await client.start(await api.signIn('grace'));
    expect(queries.getQueryCache().getAll()).toEqual([]);
    expect(await queries.fetchQuery(meQuery())).toEqual({ subject: 'grace' });
    expect(meQuery().queryKey).not.toEqual(queryKey);
    await client.logout();
    expect(queries.getQueryCache().getAll()).toEqual([]);
  });

  it('retries network errors, but no response and no change of user', async () => {
    const api = await startRecipeApi();
    const { client, queries, meQuery } = await load<Query>('QueryClient', api);
    await client.start(await api.signIn('ada'));
    api.cut(1);
    expect(await queries.fetchQuery({ ...meQuery(), retryDelay: 1 })).toEqual({ subject: 'ada' });
    expect(api.count('/me')).toBe(2);
    await client.logout();
    await expect(queries.fetchQuery({ ...meQuery(), retryDelay: 1 })).rejects.toMatchObject({
      status: 401,
    });
    expect(api.count('/me')).toBe(3);
  });

  it('drops the retry of a query of the previous user', async () => {
    const api = await startRecipeApi();
    const { client, queries, meQuery } = await load<Query>('QueryClient', api);
    await client.start(await api.signIn('ada'));
    api.cut(1);
    const query = { ...meQuery(), retryDelay: 300 };
    const { queryKey } = query;
    const fetched = queries.fetchQuery(query);
    fetched.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.start(await api.signIn('grace'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(queries.getQueryData(queryKey)).toBeUndefined();
  });

  it('drops the paused write of the previous user', async () => {
    const api = await startRecipeApi();
    const { client, queries } = await load<Query>('QueryClient', api);
    queries.mount();
    await client.start(await api.signIn('ada'));
    onlineManager.setOnline(false);
    const mutation = queries.getMutationCache().build(queries, {
      mutationFn: () => client.fetch(`${api.base}/notes`, { method: 'POST' }),
    });
    mutation.execute(undefined).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(mutation.state.isPaused).toBe(true);
    await client.start(await api.signIn('grace'));
    onlineManager.setOnline(true);
    await queries.resumePausedMutations();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(api.written).toEqual([]);
    queries.unmount();
  });
});
