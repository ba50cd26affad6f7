import node from '@astrojs/node';
import { defineConfig } from 'astro/config';

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  // Without it, the URL of a request has no port, and Astro refuses the forms of its own pages.
  security: { allowedDomains: [{ hostname: 'localhost' }] },
});
