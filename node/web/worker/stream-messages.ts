// What the service worker and the page say to each other about a file that is read through a URL of this origin. For each request the
// worker opens a channel; the page that knows the token answers on it, and gives piece after piece as it is asked, so that nobody
// holds more than one.

/** Addresses below it are files that the page opens. */
export const STREAM_PATH = '/_file/';

/** From the worker to the pages, with a port. */
export interface OpenRequest {
  readonly kind: 'open-file';
  readonly token: string;
}

/**
 * From the page to the worker: keep on, a file is on its way; take this page under your wing; and, with a port for the answer: are these
 * files, of which the page is made, of your version?
 */
export type ToWorker =
  | { readonly kind: 'awake' }
  | { readonly kind: 'claim' }
  | { readonly kind: 'version'; readonly paths: readonly string[] };

/** From the worker, on the port of that question. */
export interface VersionAnswer {
  readonly kind: 'version';
  readonly isSame: boolean;
}

/** From the worker, on the port. `end` is exclusive. */
export type ToFile =
  | { readonly kind: 'read'; readonly from: number; readonly end: number }
  | { readonly kind: 'next' }
  | { readonly kind: 'close' };

/** From the page, on the port: the head first, then an answer to each `next`. */
export type FromFile =
  | { readonly kind: 'head'; readonly head: StreamHead }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' };

export interface StreamHead {
  readonly name: string;
  readonly size: number;
  /** As the browser is told; what it must not open by itself has `application/octet-stream`. */
  readonly type: string;
  /** To be saved, whatever it is. */
  readonly isDownload: boolean;
}

/** One end of a channel, as browsers and Node have it. */
export type Port = InstanceType<typeof MessageChannel>['port1'];

/** Hears what is of this form; the other end is ours. */
export function listen<T extends ToFile | FromFile>(port: Port, hear: (message: T) => void): void {
  const isOurs = (data: unknown): data is T => typeof data === 'object' && data !== null && 'kind' in data;
  port.addEventListener('message', (event: Event) => {
    if ('data' in event && isOurs(event.data)) hear(event.data);
  });
  port.start();
}
