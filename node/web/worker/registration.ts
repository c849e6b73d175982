// Registers the service worker and gives the page its line to it. Where there is none (an old browser, a window that keeps nothing)
// files can still be saved, and are not played.
import { systemClock } from '../../../src/realm/clock.ts';
import { within } from '../../../src/realm/deadline.ts';
import type { VersionSource } from '../model/page-version.ts';
import { trustedAddress } from '../trusted-types.ts';
import type { ToWorker } from './stream-messages.ts';

const SCRIPT = '/service-worker.js';
/** Milliseconds for a worker to say of which version it is. */
const ANSWER = 10_000;
const NEVER = new AbortController().signal;

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

/** Which version answers, by the worker that has this page; without one there is nothing to change over to. */
export function workerVersions(): VersionSource {
  const { serviceWorker } = navigator;
  const reload = (): void => location.reload();
  if (!serviceWorker) return { onChange: () => () => {}, look: () => {}, reload };
  return {
    onChange: (listener) => {
      const onChange = (): void => void isOther(serviceWorker).then(listener, () => undefined);
      serviceWorker.addEventListener('controllerchange', onChange);
      return () => serviceWorker.removeEventListener('controllerchange', onChange);
    },
    look: () =>
      void serviceWorker
        .getRegistration()
        .then((known) => known?.update())
        .catch(() => undefined),
    reload,
  };
}

/** Whether this page is of another version than the worker that has it now, and none is on its way that may be of this one. */
async function isOther(container: ServiceWorkerContainer): Promise<boolean> {
  const registration = await container.getRegistration();
  if (!container.controller || registration?.installing || registration?.waiting) return false;
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<unknown>((resolve) => {
    port1.addEventListener('message', ({ data }) => resolve(data), { once: true });
    port1.start();
  });
  container.controller.postMessage({ kind: 'version', paths: ownPaths() } satisfies ToWorker, [port2]);
  // a worker of a version before this question says nothing
  const answer = await within(systemClock, ANSWER, 'version of a worker', NEVER, () => answered).finally(() =>
    port1.close(),
  );
  return typeof answer === 'object' && answer !== null && 'isSame' in answer && answer.isSame === false;
}

/** Scripts and styles that the page began with; their names say what is in them. */
function ownPaths(): readonly string[] {
  const scripts = [...document.querySelectorAll<HTMLScriptElement>('script[src]')].map(({ src }) => src);
  const styles = [...document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]')].map(({ href }) => href);
  return [...scripts, ...styles].map((address) => new URL(address).pathname);
}
