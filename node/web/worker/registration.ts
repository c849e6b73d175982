// Registers the service worker and gives the page its line to it. Where there is none (an old browser, a window that keeps nothing)
// files can still be saved, and are not played.
import { trustedAddress } from '../trusted-types.ts';
import type { ToWorker } from './stream-messages.ts';

const SCRIPT = '/service-worker.js';

export interface WorkerLine {
  /** Whether a worker answers requests of this page; asked for again once when it does not yet. */
  readonly ready: Promise<boolean>;
  tell(message: ToWorker): void;
}

export function registerWorker(onMessage: (data: unknown, port: MessagePort | undefined) => void): WorkerLine {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return { ready: Promise.resolve(false), tell: () => {} };
  serviceWorker.addEventListener('message', ({ data, ports }) => onMessage(data, ports[0]));
  serviceWorker.startMessages();
  return {
    ready: controlled(serviceWorker),
    tell: (message) => serviceWorker.controller?.postMessage(message),
  };
}

async function controlled(container: ServiceWorkerContainer): Promise<boolean> {
  try {
    await container.register(trustedAddress(SCRIPT));
    const { active } = await container.ready;
    if (container.controller) return true;
    const taken = new Promise<void>((resolve) =>
      container.addEventListener('controllerchange', () => resolve(), { once: true }),
    );
    active?.postMessage({ kind: 'claim' } satisfies ToWorker, []);
    if (!container.controller) await taken;
    return true;
  } catch {
    return false;
  }
}
