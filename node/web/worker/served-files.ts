// The page's side of files that are read through a URL: gives a URL for a file, and answers the service worker that is asked for it. A
// URL is a random token, known to this page alone, and counts as long as the page lives.
import { toString } from 'uint8arrays/to-string';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { FromFile, OpenRequest, Port, StreamHead, ToFile, ToWorker } from './stream-messages.ts';
import { listen, STREAM_PATH } from './stream-messages.ts';

/** Files that have a URL at one time; the oldest lose theirs. */
const MAX_FILES = 2_000;
const TOKEN = 16;
/** Milliseconds; browsers end a worker that hears nothing for half a minute. */
const WAKING = 10_000;

export interface ServedFile {
  readonly head: StreamHead;
  /** `end` is exclusive. */
  read(from: number, end: number, signal: AbortSignal): AsyncIterator<Uint8Array>;
}

export interface ServedFilesComponents {
  readonly clock: Pick<Clock, 'after'>;
  readonly random: (length: number) => Uint8Array;
  readonly tellWorker: (message: ToWorker) => void;
}

export class ServedFiles {
  readonly #parts: ServedFilesComponents;
  readonly #files = new Map<string, ServedFile>();
  #open = 0;
  #waking: Timer | undefined;

  constructor(components: ServedFilesComponents) {
    this.#parts = components;
  }

  /** Its URL. */
  serve(file: ServedFile): string {
    const token = toString(this.#parts.random(TOKEN), 'hex');
    this.#files.set(token, file);
    if (this.#files.size > MAX_FILES) this.#files.delete(this.#files.keys().next().value ?? '');
    return STREAM_PATH + token;
  }

  /** The URL counts no more. */
  withdraw(url: string): void {
    this.#files.delete(url.slice(STREAM_PATH.length));
  }

  /** Of the worker; what is no question of it is left alone. */
  take(data: unknown, port: Port | undefined): void {
    if (!isOpenRequest(data) || !port) return;
    const file = this.#files.get(data.token);
    if (!file) {
      port.postMessage({ kind: 'failed' } satisfies FromFile);
      return port.close();
    }
    this.#count(1);
    const over = new AbortController();
    over.signal.addEventListener('abort', () => {
      port.close();
      this.#count(-1);
    });
    answerOn(port, file, over);
  }

  /** The worker is kept awake while a file is on its way. */
  #count(step: number): void {
    this.#open += step;
    if (this.#open === 0) this.#waking?.cancel();
    if (this.#open === 0) this.#waking = undefined;
    else this.#waking ??= this.#parts.clock.after(WAKING, () => this.#wake());
  }

  #wake(): void {
    this.#parts.tellWorker({ kind: 'awake' });
    this.#waking = this.#parts.clock.after(WAKING, () => this.#wake());
  }
}

function answerOn(port: Port, file: ServedFile, over: AbortController): void {
  let pieces: AsyncIterator<Uint8Array> | undefined;
  const say = (message: FromFile, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  listen<ToFile>(port, (data) => {
    if (data.kind === 'close') over.abort();
    else if (data.kind === 'read') pieces = file.read(data.from, data.end, over.signal);
    else void next(pieces).then((message) => say(message, message.kind === 'piece' ? [message.bytes.buffer] : []));
  });
  say({ kind: 'head', head: file.head });
}

async function next(pieces: AsyncIterator<Uint8Array> | undefined): Promise<FromFile> {
  try {
    const { done, value } = (await pieces?.next()) ?? { done: true, value: undefined };
    // its own copy: what is handed over is gone here
    return done ? { kind: 'done' } : { kind: 'piece', bytes: new Uint8Array(value) };
  } catch {
    return { kind: 'failed' };
  }
}

function isOpenRequest(data: unknown): data is OpenRequest {
  if (typeof data !== 'object' || data === null) return false;
  return 'kind' in data && data.kind === 'open-file' && 'token' in data && typeof data.token === 'string';
}
