import { readdirSync, readFileSync } from 'node:fs';
import { type DefaultTheme, defineConfig } from 'vitepress';

/** The records, by their numbers, with the titles that they have. */
function listDecisions(): DefaultTheme.SidebarItem[] {
  return readdirSync(new URL('../decisions/', import.meta.url))
    .filter((name) => /^\d{4}-.*\.md$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(`../decisions/${name}`, import.meta.url), 'utf8');
      const title = /^# (.*)$/m.exec(text)?.[1] ?? name;
      return page(title, `/decisions/${name.replace(/\.md$/, '')}`);
    });
}

function page(text: string, link: string): DefaultTheme.SidebarItem {
  return { text, link };
}

const GUIDE: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      page('Start here', '/start/'),
      page('Session data and its type', '/start/data'),
      page('Before production', '/start/production'),
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
    ],
  },
  {
    text: 'Guides',
    items: [
      page('Redis in production', '/guides/redis'),
      page('JWT and keys', '/guides/jwt'),
      page('Stateless sessions', '/guides/stateless'),
      page('Browser client', '/guides/browser'),
      page('Client recipes', '/guides/client-recipes'),
      page('Mobile apps', '/guides/mobile'),
      page('A page of devices', '/guides/devices'),
      page('Step-up', '/guides/step-up'),
      page('CSRF and other origins', '/guides/csrf'),
      page('WebSocket upgrades', '/guides/websocket'),
      page('Observability', '/guides/observability'),
      page('Testing your application', '/guides/testing'),
      page('Writing a store', '/guides/writing-a-store'),
      page('Writing an adapter', '/guides/writing-an-adapter'),
    ],
  },
  {
    text: 'Coming from',
    items: [
      page('A store-backed service', '/migration/store-backed'),
      page('A stateless service', '/migration/stateless'),
      page('express-session', '/migration/express-session'),
      page('@fastify/session', '/migration/fastify-session'),
      page('iron-session', '/migration/iron-session'),
      page('better-auth, SuperTokens', '/migration/auth-frameworks'),
    ],
  },
  {
    text: 'Judging it',
    items: [
      page('Threat model', '/security/threat-model'),
      page('Supply chain', '/security/supply-chain'),
      page('Timing', '/security/timing'),
      page('Requirements', '/requirements'),
      page('Evidence', '/security/evidence'),
      page('How it is tested', '/tests'),
      page('Scaling', '/scaling'),
      page('Beside other libraries', '/comparison'),
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
  'redis',
  'jwt',
  'client',
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
      page('Rotation, exactly', '/rotation'),
    ],
  },
  { text: 'API', items: API.map((name) => page(`@sess/${name}`, `/reference/api/@sess/${name}`)) },
];

const DECISIONS: DefaultTheme.SidebarItem[] = [
  { text: 'Decisions', link: '/decisions/', items: listDecisions() },
];

export default defineConfig({
  title: 'sess',
  description:
    'Sessions for HTTP APIs in TypeScript: short access tokens, rotating refresh tokens, revocation that works.',
  lang: 'en',
  // The records keep the index that repository viewers show for their folder.
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  // A link that leads nowhere fails the build. Keep it so.
  ignoreDeadLinks: false,
  // The index of the search is one chunk, and fetched when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start/' },
      { text: 'Guides', link: '/guides/redis' },
      { text: 'Reference', link: '/reference/options' },
      { text: 'Threat model', link: '/security/threat-model' },
      { text: 'Decisions', link: '/decisions/' },
    ],
    sidebar: {
      '/': GUIDE,
      '/reference/': REFERENCE,
      '/rotation': REFERENCE,
      '/decisions/': DECISIONS,
    },
  },
});
