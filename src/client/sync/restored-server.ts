// What this device does for a server that may be restored from a copy one day: it keeps what came lately as it was sealed, notices that the
// server has forgotten it, and gives it back before anything else is said.
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import type { Clock } from '../../realm/clock.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { Emitter } from '../emitter.ts';
import type { CommitBook } from '../engine/commit-book.ts';
import type { Http } from '../http.ts';
import type { ClientEvents } from '../surface.ts';
import { GivingBack } from './giving-back.ts';
import { KeptBodies } from './kept-bodies.ts';

export interface RestoredServerComponents {
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>;
  readonly events: Pick<Emitter<ClientEvents>, 'on'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly commits: CommitBook;
}

export class RestoredServer {
  readonly #bodies: KeptBodies;
  readonly #givingBack: GivingBack;
  readonly #unlisten: readonly (() => void)[];

  constructor(components: RestoredServerComponents) {
    const { cache, clock, events } = components;
    const bodies = new KeptBodies(cache, clock);
    this.#bodies = bodies;
    this.#givingBack = new GivingBack({ ...components, bodies });
    this.#unlisten = [
      events.on('reset', () => void this.#givingBack.restored()),
      events.on('removed', ({ conversation, id }) => void bodies.forget(conversation, [id])),
    ];
  }

  /** A message that came from the server. */
  keep(message: FrameMessage): void {
    this.#bodies.keep(message);
  }

  /** Gives back what is due. */
  run(): Promise<void> {
    return this.#givingBack.run();
  }

  counters(): Record<string, number> {
    return this.#givingBack.counters();
  }

  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
    this.#givingBack.close();
  }
}
