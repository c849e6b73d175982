// Gives a restored server the files that it has lost, as far as this device sent them and has them still. After the messages: who may read a
// file follows from those. Nothing waits for it, and what a file's end is worth telling a person is told.
// It is due (../sync/due.ts) until every file was looked at.
import type { FileCard } from '../../crypto/files/file-card.ts';
import { lackingAnswer, MAX_LACKING } from '../../protocols/lan/file-routes.ts';
import type { BlobId } from '../../realm/blob-id.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { CanopyError, UnreachableError } from '../../realm/errors.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { Http } from '../http.ts';
import { Due } from '../sync/due.ts';
import type { Files } from './files.ts';
import type { SentFile } from './sent-files.ts';

/** Milliseconds in which another realm that has a copy gives its beginning; a later connection asks again. */
const FETCHED_WITHIN = 60_000;

export interface GivingFilesComponents {
  readonly http: Pick<Http, 'post'>;
  readonly cache: Pick<ClientCache, 'record' | 'setRecords'>;
  readonly files: () => Pick<Files, 'again' | 'part' | 'sent'>;
  readonly clock: Clock;
  /** The server has it no more, and neither has this device. */
  readonly onLost: (name: string) => void;
}

export class GivingFiles {
  readonly #parts: GivingFilesComponents;
  readonly #counters = { files: 0, 'files-lost': 0 };
  readonly #over = new AbortController();
  readonly #due: Due;
  #running: Promise<void> | undefined;

  constructor(components: GivingFilesComponents) {
    this.#parts = components;
    this.#due = new Due(components, 'files');
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  async restored(): Promise<void> {
    await this.#due.note();
  }

  close(): void {
    this.#over.abort(new UnreachableError('client-closed', 'the client is closed'));
  }

  /** What is due; the next connection tries again what fails now. Never rejects for what the server does. */
  run(): Promise<void> {
    this.#running ??= this.#due
      .settle(() => this.#offer(this.#over.signal))
      .catch((error: unknown) => {
        if (!(error instanceof CanopyError)) throw error;
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #offer(signal: AbortSignal): Promise<void> {
    const { files } = this.#parts;
    const all = (await files().sent?.all()) ?? [];
    // What waits for another realm stands behind what is here.
    const sent = [...all.filter(({ source }) => source), ...all.filter(({ source }) => !source)];
    for (let at = 0; at < sent.length; at += MAX_LACKING) {
      const asked = sent.slice(at, at + MAX_LACKING);
      const lacking = await this.#lacking(asked, signal);
      for (const file of asked) if (lacking.has(file.card.blob)) await this.#look(file, signal);
    }
  }

  async #lacking(asked: readonly SentFile[], signal: AbortSignal): Promise<ReadonlySet<BlobId>> {
    const blobs = asked.map(({ card }) => card.blob);
    return new Set((await this.#parts.http.post('/blobs/lacking', { blobs }, lackingAnswer, signal)).lacking);
  }

  async #look({ card, source }: SentFile, signal: AbortSignal): Promise<void> {
    const { files, onLost } = this.#parts;
    try {
      if (source) await files().again(card, source, signal);
      else await this.#fetched(card, signal);
      this.#counters.files += 1;
    } catch (error) {
      if (!(error instanceof CanopyError) || signal.aborted || error.name === 'UnreachableError') throw error;
      // One that is refused, or cannot be read here, keeps back no other.
      this.#counters['files-lost'] += 1;
      onLost(card.name);
    }
  }

  /** The server asks other realms for what it lacks when somebody wants to read it. */
  async #fetched(card: FileCard, signal: AbortSignal): Promise<void> {
    const { clock, files } = this.#parts;
    await within(clock, FETCHED_WITHIN, 'file', signal, (limited) => files().part(card, 0, 1, limited));
  }
}
