// Asks a router for a port in a thread of its own, so that whatever answers there can't hurt the relay. The library takes word from
// anybody in the network before it has looked at it: a single packet of UDP makes it throw where nobody catches, and it reads
// descriptions of any length. Here that ends a thread with little memory, and the question fails.
import { isIP } from 'node:net';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import type { Endpoint } from '../src/overlay/stun/message.ts';
import { PeerError, UnreachableError } from '../src/realm/errors.ts';
import type { MapWay } from '../src/settings/setting-table.ts';
import type { MappingWay } from './port-mapping.ts';

const THREAD = new URL('./mapping-worker.ts', import.meta.url);
/** MiB of its heap; the library itself takes a dozen. */
const HEAP = 64;

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const host = v.pipe(
  v.string(),
  v.check((text) => isIP(text) !== 0, 'no IP address'),
);
export const mappingQuestion = v.variant('kind', [
  v.strictObject({ kind: v.literal('map'), port, lifetime: v.number() }),
  v.strictObject({ kind: v.literal('unmap'), port }),
]);
type Question = v.InferOutput<typeof mappingQuestion>;
const mapped = v.strictObject({ kind: v.literal('done'), host, port });
const answers = v.union([
  mapped,
  v.strictObject({ kind: v.literal('done') }),
  v.strictObject({ kind: v.literal('failed'), reason: v.string() }),
]);
export type MappingAnswer = v.InferOutput<typeof answers>;

export function mappingWays(names: readonly MapWay[]): MappingWay[] {
  return names.map((name) => new WayInThread(name));
}

/** The thread lives while a port is mapped, and while a question is open. */
class WayInThread implements MappingWay {
  readonly name: MapWay;
  #thread: Worker | undefined;

  constructor(name: MapWay) {
    this.name = name;
  }

  async map(own: number, lifetime: number, signal: AbortSignal): Promise<Endpoint> {
    const answer = await this.#ask({ kind: 'map', port: own, lifetime }, signal);
    if (v.is(mapped, answer)) return { host: answer.host, port: answer.port };
    throw new PeerError('bad-router', 'the router gave no place');
  }

  async unmap(own: number, signal: AbortSignal): Promise<void> {
    try {
      if (this.#thread) await this.#ask({ kind: 'unmap', port: own }, signal);
    } finally {
      this.#end();
    }
  }

  /** @throws UnreachableError `no-router`, PeerError `bad-router`; the signal's reason */
  async #ask(question: Question, signal: AbortSignal): Promise<MappingAnswer> {
    try {
      signal.throwIfAborted();
      this.#thread ??= this.#begin();
      const answer = v.safeParse(answers, await reply(this.#thread, question, signal));
      if (!answer.success) throw new PeerError('bad-router', 'the router gave an answer that makes no sense');
      if (answer.output.kind === 'failed') throw new UnreachableError('no-router', answer.output.reason);
      return answer.output;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #begin(): Worker {
    const limits = { maxOldGenerationSizeMb: HEAP };
    const thread = new Worker(THREAD, { workerData: this.name, resourceLimits: limits, execArgv: [], env: {} });
    thread.unref();
    // Between two questions, too, somebody may make it fall over.
    thread.on('error', () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    return thread;
  }

  #end(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
  }
}

function reply(thread: Worker, question: Question, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
    };
    const onMessage = (message: unknown): void => (settle(), resolve(message));
    const onError = (cause: unknown): void => (
      settle(), reject(new PeerError('bad-router', 'what came from the network broke the search', { cause }))
    );
    const onExit = (): void => (settle(), reject(new PeerError('bad-router', 'the search has ended')));
    const onAbort = (): void => (settle(), reject(signal.reason));
    thread.on('message', onMessage).once('error', onError).once('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    thread.postMessage(question, []);
  });
}
