// Bundles the service worker by itself, after the pages: one classic script under a name that stays, which imports nothing. It carries
// the list of the page's files with their hashes, so that it takes a version as a whole or not at all (node/web/worker/asset-cache.ts).
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'vite';

const SCRIPT = 'service-worker.js';

interface AssetList {
  readonly assets: readonly (readonly [path: string, integrity: string])[];
  readonly version: string;
}

/** Of all files that the build has written. */
async function listAssets(folder: string): Promise<AssetList> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== SCRIPT);
  const assets = await Promise.all(
    files.map(async (entry): Promise<readonly [string, string]> => {
      const file = join(entry.parentPath, entry.name);
      const hash = createHash('sha256')
        .update(await readFile(file))
        .digest('base64');
      return [`/${relative(folder, file).split(sep).join('/')}`, `sha256-${hash}`];
    }),
  );
  assets.sort(([a], [b]) => (a < b ? -1 : 1));
  const version = createHash('sha256').update(JSON.stringify(assets)).digest('hex').slice(0, 16);
  return { assets, version };
}

export function workerPlugin(): Plugin {
  let web = '';
  let folder = '';
  return {
    name: 'canopy-worker',
    apply: 'build',
    configResolved: ({ root, build: { outDir } }) => {
      web = root;
      folder = resolve(root, outDir);
    },
    closeBundle: async () => {
      const { assets, version } = await listAssets(folder);
      await build({
        configFile: false,
        root: web,
        logLevel: 'warn',
        publicDir: false,
        define: { CANOPY_ASSETS: JSON.stringify(assets), CANOPY_VERSION: JSON.stringify(version) },
        build: {
          target: 'es2024',
          outDir: folder,
          emptyOutDir: false,
          rollupOptions: {
            input: join(web, 'worker/service-worker.ts'),
            output: { format: 'iife', entryFileNames: SCRIPT },
          },
        },
      });
    },
  };
}
