// The service worker of the pages. It is bundled by itself (worker-build.ts) and served as /service-worker.js.
import { answerFile } from './file-streams.ts';
import { workerScope } from './scope.ts';
import type { ToWorker } from './stream-messages.ts';

const scope = workerScope();

scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener('fetch', (event) => {
  const answer = answerFile(scope, event.request);
  if (answer) event.respondWith(answer);
});
scope.addEventListener('message', (event) => {
  // hearing anything keeps it awake
  if (isToWorker(event.data) && event.data.kind === 'claim') event.waitUntil(scope.clients.claim());
});

function isToWorker(data: unknown): data is ToWorker {
  return typeof data === 'object' && data !== null && 'kind' in data;
}
