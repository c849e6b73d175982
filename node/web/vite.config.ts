// The bundle that a node serves to its LAN: hashed files under assets/, nothing inline, so that `script-src 'self'` holds.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    target: 'es2024',
    outDir: 'dist',
    emptyOutDir: true,
    // an inlined data: URL would need a hole in the policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
