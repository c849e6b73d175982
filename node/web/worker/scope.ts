// What a service worker stands in, as far as it is used here: the types of pages and of workers do not go into one program.
import { LocalError } from '../../../src/realm/errors.ts';
import type { Port } from './stream-messages.ts';

interface LastingEvent extends Event {
  /** Keeps the worker alive until then. */
  waitUntil(work: Promise<unknown>): void;
}

export interface RequestEvent extends LastingEvent {
  readonly request: Request;
  readonly clientId: string;
  respondWith(answer: Promise<Response> | Response): void;
}

interface WordEvent extends LastingEvent {
  readonly data: unknown;
  readonly ports: readonly Port[];
}

interface PageHandle {
  readonly id: string;
  postMessage(message: unknown, transfer: Port[]): void;
}

export interface WorkerScope {
  readonly location: { readonly origin: string };
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly PageHandle[]>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LastingEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void;
  addEventListener(type: 'message', listener: (event: WordEvent) => void): void;
}

/** @throws LocalError `no-worker` outside of a service worker */
export function workerScope(): WorkerScope {
  const scope: unknown = globalThis;
  if (!isWorkerScope(scope)) throw new LocalError('no-worker', 'this is no service worker');
  return scope;
}

function isWorkerScope(scope: unknown): scope is WorkerScope {
  return typeof scope === 'object' && scope !== null && 'clients' in scope && 'skipWaiting' in scope;
}
