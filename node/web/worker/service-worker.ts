// The service worker of the pages. It is bundled by itself (scripts/worker-build.ts) and served as /service-worker.js.
import { AssetCache, type AssetCacheComponents } from './asset-cache.ts';
import { answerFile } from './file-streams.ts';
import { workerScope } from './scope.ts';
import type { ToWorker, VersionAnswer } from './stream-messages.ts';

/** Put in by the build: the page's files with their hashes, and the hash of the list. */
declare const CANOPY_ASSETS: AssetCacheComponents['assets'];
declare const CANOPY_VERSION: string;

const scope = workerScope();
const files = new AssetCache({
  caches,
  fetch: (request) => fetch(request),
  origin: scope.location.origin,
  assets: CANOPY_ASSETS,
  version: CANOPY_VERSION,
});

scope.addEventListener('install', (event) => event.waitUntil(files.install().then(() => scope.skipWaiting())));
scope.addEventListener('activate', (event) => event.waitUntil(files.activate().then(() => scope.clients.claim())));
scope.addEventListener('fetch', (event) => {
  const answer = answerFile(scope, event.request) ?? files.answer(event.request);
  if (answer) event.respondWith(answer);
});
scope.addEventListener('message', (event) => {
  // hearing anything keeps it awake
  if (!isToWorker(event.data)) return;
  if (event.data.kind === 'claim') event.waitUntil(scope.clients.claim());
  if (event.data.kind === 'version') {
    const answer: VersionAnswer = { kind: 'version', isSame: files.hasAll(event.data.paths) };
    event.ports[0]?.postMessage(answer);
  }
});

function isToWorker(data: unknown): data is ToWorker {
  return typeof data === 'object' && data !== null && 'kind' in data;
}
