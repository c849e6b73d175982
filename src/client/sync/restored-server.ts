// What this device does for a server that may be restored from a copy one day: it keeps what came lately as it was sealed, notices that the
// server has forgotten it, and gives it back before anything else is said.
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import type { BlobId } from '../../realm/blob-id.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { ConversationId, MessageId } from '../../realm/ids.ts';
import { fileOf } from '../bodies.ts';
import type { ClientCache } from '../cache/cache.ts';
import { sentenceOf } from '../catalogue/catalogue.ts';
import { english } from '../catalogue/en.ts';
import type { Emitter } from '../emitter.ts';
import type { CommitBook } from '../engine/commit-book.ts';
import { GivingFiles, type GivingFilesComponents } from '../files/giving-files.ts';
import type { Http } from '../http.ts';
import type { ClientEvents } from '../surface.ts';
import type { OpenedEvent } from '../timeline/events.ts';
import { lastsFor } from '../timeline/fleeting.ts';
import { GivingBack } from './giving-back.ts';
import { KeptBodies } from './kept-bodies.ts';

const LOST = 'file-lost';

export interface RestoredServerComponents extends Pick<GivingFilesComponents, 'files'> {
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>;
  readonly events: Pick<Emitter<ClientEvents>, 'on' | 'emit'>;
  readonly clock: Clock;
  readonly engine: { readonly commits: CommitBook; layOutAnew(): Promise<void> };
}

export class RestoredServer {
  readonly #bodies: KeptBodies;
  readonly #givingBack: GivingBack;
  readonly #givingFiles: GivingFiles;
  readonly #files: RestoredServerComponents['files'];
  readonly #unlisten: readonly (() => void)[];

  constructor(components: RestoredServerComponents) {
    const { cache, clock, events, engine, files } = components;
    this.#bodies = new KeptBodies(cache, clock);
    this.#files = files;
    this.#givingBack = new GivingBack({ ...components, commits: engine.commits, bodies: this.#bodies });
    const onLost = (name: string): void => {
      const params = { name: name.slice(0, 80) };
      events.emit('error', { code: LOST, params, message: sentenceOf(english, LOST, params) });
    };
    this.#givingFiles = new GivingFiles({ ...components, onLost });
    const restored = [this.#givingBack, this.#givingFiles];
    this.#unlisten = [
      events.on('reset', () => {
        for (const part of restored) void part.restored();
        void engine.layOutAnew();
      }),
      // Also what this device does not hold any more.
      events.on('removed', ({ conversation, id }) => void this.forget(conversation, [id]).catch(passing)),
    ];
  }

  /** A message that came from the server; opened, when it could be. */
  keep(message: FrameMessage, event?: OpenedEvent): void {
    const { file } = event ? fileOf(event) : {};
    this.#bodies.keep(message, file ? [file.blob] : [], lastsFor(event?.content));
  }

  /**
   * Erased on this device, with their files: as far as those are known, or else those that went with what is kept.
   * @throws LocalError `cache-full`, `cache-failed`
   */
  async forget(conversation: ConversationId, ids: readonly MessageId[], files?: readonly BlobId[]): Promise<void> {
    const kept = async (id: MessageId) => this.#bodies.blobsOf(conversation, id);
    const blobs = files ?? (await Promise.all(ids.map(kept))).flat();
    // Bodies go last: they say which files they had.
    if (blobs.length > 0) await this.#files().sent?.forget(blobs);
    await this.#bodies.forget(conversation, ids);
  }

  /** As it was sealed, if it came lately. */
  async sealed(conversation: ConversationId, id: MessageId): Promise<Uint8Array | undefined> {
    return (await this.#bodies.of(conversation, id))?.body;
  }

  /** Gives back what is due. Files go in their own time, after the messages by which they may be read. */
  async run(): Promise<void> {
    if (await this.#givingBack.run()) void this.#givingFiles.run();
  }

  counters(): Record<string, number> {
    return { ...this.#givingBack.counters(), ...this.#givingFiles.counters() };
  }

  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
    this.#givingBack.close();
    this.#givingFiles.close();
  }
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
