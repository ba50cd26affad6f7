import { type DefaultTheme, defineConfig } from 'vitepress';
import { expandListings, expandOptions } from './expand.js';
import { isSearched, searchOptions } from './search.js';

function page(text: string, link: string): DefaultTheme.SidebarItem {
  return { text, link };
}

/** By task, in the order in which an application needs them. */
const GUIDE: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      page('Start here: install', '/start/'),
      page('Session data and its type', '/start/data'),
      page('Development', '/start/development'),
      page('Testing your application', '/guides/testing'),
    ],
  },
  {
    text: 'Pages',
    items: [
      page('Pages rendered on the server', '/guides/pages'),
      page('Before the sign-in', '/guides/before-the-sign-in'),
      page('CSRF and CORS', '/guides/csrf'),
    ],
  },
  {
    text: 'APIs and their clients',
    items: [
      page('Browser client', '/guides/browser'),
      page('Client recipes', '/guides/client-recipes'),
      page('Mobile apps', '/guides/mobile'),
      page('WebSocket upgrades', '/guides/websocket'),
      page('JWT and keys', '/guides/jwt'),
      page('Stateless sessions', '/guides/stateless'),
    ],
  },
  {
    text: 'Signing in',
    items: [
      page('Accounts with passwords', '/guides/accounts'),
      page('Ways to sign in', '/guides/sign-in-methods'),
      page('Step-up', '/guides/step-up'),
      page('A page of devices', '/guides/devices'),
    ],
  },
  {
    text: 'Stores',
    items: [
      page('Redis in production', '/guides/redis'),
      page('PostgreSQL, SQLite, MySQL', '/guides/sql'),
      page('Writing a store', '/guides/writing-a-store'),
    ],
  },
  {
    text: 'Production and operations',
    items: [
      page('Before production', '/start/production'),
      page('Observability', '/guides/observability'),
    ],
  },
  {
    text: 'Security',
    items: [
      page('Threat model', '/security/threat-model'),
      page('Sessions bound to a key', '/guides/bound'),
      page('Quality', '/quality/'),
      page('Compared with other libraries', '/comparison'),
    ],
  },
  {
    text: 'Frameworks',
    items: [
      page('Next.js, SvelteKit, Astro, Nuxt', '/frameworks/pages'),
      page('NestJS, Koa, tRPC', '/frameworks/node'),
      page('Bun, Deno, Workers', '/frameworks/runtimes'),
      page('Writing an adapter', '/guides/writing-an-adapter'),
    ],
  },
  {
    text: 'Coming from',
    items: [
      page('A store-backed service', '/migration/store-backed'),
      page('A stateless service', '/migration/stateless'),
      page('express-session, @fastify/session', '/migration/express-session'),
      page('A JWT pair with refresh tokens', '/migration/refresh-table'),
      page('iron-session', '/migration/iron-session'),
      page('cookie-session', '/migration/cookie-session'),
      page('next-auth, Auth.js', '/migration/next-auth'),
      page('Live sessions of any system', '/migration/other-systems'),
      page('better-auth, SuperTokens', '/migration/auth-frameworks'),
    ],
  },
  {
    text: 'Concepts',
    items: [
      page('Sessions', '/concepts/sessions'),
      page('Tokens', '/concepts/tokens'),
      page('Rotation', '/concepts/rotation'),
      page('Revocation', '/concepts/revocation'),
      page('Timeouts', '/concepts/timeouts'),
      page('Glossary', '/concepts/glossary'),
    ],
  },
];

const API = [
  'core',
  'core/http',
  'core/store',
  'express',
  'fastify',
  'hono',
  'web',
  'redis',
  'sql/postgres',
  'sql/sqlite',
  'sql/mysql',
  'jwt',
  'adopt',
  'adopt/iron-session',
  'adopt/next-auth',
  'bound',
  'client',
  'client/dpop',
  'client/react',
  'testkit',
];

const REFERENCE: DefaultTheme.SidebarItem[] = [
  {
    text: 'Reference',
    items: [
      page('Options', '/reference/options'),
      page('Events', '/reference/events'),
      page('Errors', '/reference/errors'),
      page('HTTP', '/reference/http'),
      page('Rules of rotation', '/reference/rotation'),
    ],
  },
  { text: 'API', items: API.map((name) => page(`@sess/${name}`, `/reference/api/@sess/${name}`)) },
];

export default defineConfig({
  title: 'sess',
  description:
    'Sessions for pages and APIs in TypeScript: short access tokens, rotating cookies, revocation that takes effect.',
  lang: 'en',
  // README.md is the name that repository viewers show for a folder.
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  // A dead link fails the build.
  ignoreDeadLinks: false,
  // The search index is one chunk, loaded on the first search.
  markdown: {
    // Legible on the background of code blocks; those of VitePress are not.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
    config(md) {
      md.core.ruler.before('normalize', 'tables and listings', (state) => {
        state.src = expandListings(expandOptions(state.src));
      });
    },
  },
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        miniSearch: { searchOptions },
        _render: (text, env, md) => (isSearched(env.relativePath) ? md.render(text, env) : ''),
      },
    },
    // The name of the link is its text.
    notFound: { linkLabel: 'Take me home' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start/' },
      { text: 'Pages', link: '/guides/pages' },
      { text: 'APIs', link: '/guides/browser' },
      { text: 'Reference', link: '/reference/options' },
      { text: 'Threat model', link: '/security/threat-model' },
    ],
    sidebar: {
      '/': GUIDE,
      '/reference/': REFERENCE,
    },
  },
});
