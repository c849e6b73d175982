// Bundles the service worker by itself, after the pages: one classic script under a name that stays, which imports nothing.
import { join } from 'node:path';
import { build, type Plugin } from 'vite';

export function workerPlugin(): Plugin {
  let folder = '';
  return {
    name: 'canopy-worker',
    apply: 'build',
    configResolved: ({ root, build: { outDir } }) => {
      folder = join(root, outDir);
    },
    closeBundle: async () => {
      await build({
        configFile: false,
        root: import.meta.dirname,
        logLevel: 'warn',
        build: {
          target: 'es2024',
          outDir: folder,
          emptyOutDir: false,
          rollupOptions: {
            input: join(import.meta.dirname, 'worker/service-worker.ts'),
            output: { format: 'iife', entryFileNames: 'service-worker.js' },
          },
        },
      });
    },
  };
}
