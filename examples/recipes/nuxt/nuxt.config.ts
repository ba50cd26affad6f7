// Nitro has no middleware around a request, so Express is before it.
export default defineNuxtConfig({
  compatibilityDate: '2025-12-01',
  nitro: { preset: 'node-listener' },
});
