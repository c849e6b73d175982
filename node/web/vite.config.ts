// The bundle that a node serves to its LAN: hashed files under assets/, nothing inline, so that `script-src 'self'` holds.
import { defineConfig } from 'vite';
import { emojiPlugin } from '../../scripts/emoji-build.ts';
import { workerPlugin } from '../../scripts/worker-build.ts';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [emojiPlugin(), workerPlugin()],
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
