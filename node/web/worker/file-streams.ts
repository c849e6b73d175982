// Answers requests below STREAM_PATH from decrypted pieces that the page gives. Nothing of a file is kept here. What comes out can do
// nothing: a type from a short list or none at all, no guessing, no script and no request of its own even if it were opened as a page,
// and to be saved where it is not played.
import { type Clock, systemClock } from '../../../src/realm/clock.ts';
import { within } from '../../../src/realm/deadline.ts';
import { LocalError } from '../../../src/realm/errors.ts';
import { partOf } from './byte-range.ts';
import type { WorkerScope } from './scope.ts';
import { type FromFile, listen, type Port, STREAM_PATH, type StreamHead, type ToFile } from './stream-messages.ts';

/** Milliseconds for a page to say that it knows the file, and for it to bring a piece from the server, which may be fetching it. */
const HEAD_DEADLINE = 10_000;
const PIECE_DEADLINE = 120_000;

/** Undefined for what is no file of ours. */
export function answerFile(scope: WorkerScope, request: Request): Promise<Response> | undefined {
  const { origin, pathname } = new URL(request.url);
  if (origin !== scope.location.origin || !pathname.startsWith(STREAM_PATH) || request.method !== 'GET')
    return undefined;
  const token = pathname.slice(STREAM_PATH.length).split('/')[0] ?? '';
  return answer(scope, token, request).catch(
    () => new Response(null, { status: 404, headers: { 'cache-control': 'no-store' } }),
  );
}

async function answer(scope: WorkerScope, token: string, request: Request): Promise<Response> {
  const { head, line } = await open(scope, token);
  const headers = headersOf(head, request.mode === 'navigate' || head.isDownload);
  const part = partOf(request.headers.get('range'), head.size);
  if (!part) {
    line.close();
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${head.size}` } });
  }
  const { from, end, isPartial } = part;
  line.say({ kind: 'read', from, end });
  const range = isPartial ? { 'content-range': `bytes ${from}-${end - 1}/${head.size}` } : {};
  const sized = { ...headers, ...range, 'content-length': String(end - from) };
  return new Response(bodyOf(line), { status: isPartial ? 206 : 200, headers: sized });
}

export function headersOf({ name, type }: StreamHead, isSaved: boolean): Record<string, string> {
  const isPlayed = !isSaved && type !== 'application/octet-stream';
  return {
    'content-type': type,
    'content-disposition': isPlayed ? 'inline' : `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'accept-ranges': 'bytes',
  };
}

/** Asks every page; the one that made the token answers. */
async function open(scope: WorkerScope, token: string): Promise<{ head: StreamHead; line: Line }> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const asked = pages.map((page) => {
    const { port1, port2 } = new MessageChannel();
    page.postMessage({ kind: 'open-file', token }, [port2]);
    return new Line(port1, systemClock);
  });
  const answers = asked.map(async (line) => {
    const first = await line.hear(HEAD_DEADLINE);
    if (first.kind !== 'head') throw new LocalError('file-unknown', 'this page does not know the file');
    return { head: first.head, line };
  });
  const found = await Promise.any(answers);
  for (const line of asked) if (line !== found.line) line.close();
  return found;
}

/** One piece at a time, and none before it is wanted. */
function bodyOf(line: Line): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        line.say({ kind: 'next' });
        const heard = await line.hear(PIECE_DEADLINE).catch((): FromFile => ({ kind: 'failed' }));
        if (heard.kind === 'piece') return controller.enqueue(heard.bytes);
        line.close();
        if (heard.kind === 'done') controller.close();
        else controller.error(new LocalError('file-cut', 'the page could not go on with the file'));
      },
      cancel: () => line.close(),
    },
    { highWaterMark: 0 },
  );
}

/** The worker's end of a channel: what is said is answered once. */
class Line {
  readonly #port: Port;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #heard: FromFile[] = [];
  readonly #closed = new AbortController();
  #wake: (() => void) | undefined;

  constructor(port: Port, clock: Pick<Clock, 'after'>) {
    this.#port = port;
    this.#clock = clock;
    listen<FromFile>(port, (message) => {
      this.#heard.push(message);
      this.#wake?.();
    });
  }

  say(message: ToFile): void {
    this.#port.postMessage(message, []);
  }

  hear(deadline: number): Promise<FromFile> {
    return within(this.#clock, deadline, 'answer of the page', this.#closed.signal, async (signal) => {
      if (this.#heard.length === 0) {
        await new Promise<void>((resolve, reject) => {
          this.#wake = resolve;
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      }
      const heard = this.#heard.shift();
      if (!heard) throw new LocalError('file-cut', 'the page said nothing');
      return heard;
    });
  }

  close(): void {
    this.#closed.abort(new LocalError('file-cut', 'nobody listens any more'));
    this.say({ kind: 'close' });
    this.#port.close();
  }
}
