// Files that came: URLs from which they are played and saved, and which one a person looks at.
import { type Signal, signal } from '@preact/signals';
import type { FileCard, FileSource } from '../../../src/client/client.ts';
import type { Files } from '../../../src/client/files/files.ts';
import { LocalError } from '../../../src/realm/errors.ts';
import type { MessageId } from '../../../src/realm/ids.ts';
import type { ServedFile } from '../worker/served-files.ts';
import { plainName, playedType, UNPLAYED } from './file-kind.ts';
import type { PageFiles } from './page-files.ts';

/** Files that have a URL at one time; what was shown longest ago gives way. */
const MAX_URLS = 1_500;
const LOCAL_PIECE = 1024 * 1024;

export interface ShownFilesComponents {
  readonly page: PageFiles;
  readonly files: () => Pick<Files, 'open'> | undefined;
}

export class ShownFiles {
  /** False once it is known that nothing can be played here. */
  readonly plays: Signal<boolean> = signal(true);
  /** The message whose picture or film stands before everything else. */
  readonly looked: Signal<MessageId | undefined> = signal(undefined);
  readonly #parts: ShownFilesComponents;
  readonly #urls = new Map<string, string>();

  constructor(components: ShownFilesComponents) {
    this.#parts = components;
    void components.page.ready.then((ready) => (this.plays.value = ready));
  }

  /** From which it is played; always the same for one file. */
  urlOf(card: FileCard): string {
    return this.#url(card, false);
  }

  save(card: FileCard): void {
    this.#parts.page.save(this.#url(card, true));
  }

  /** Something that this page made. */
  saveBytes(name: string, bytes: Uint8Array): void {
    const { page } = this.#parts;
    const url = page.serve({
      head: { name, size: bytes.length, type: UNPLAYED, isDownload: true },
      read: async function* (from, end) {
        yield bytes.subarray(from, end);
      },
    });
    this.#keep(url, url);
    page.save(url);
  }

  /** All URLs end. */
  stop(): void {
    for (const url of this.#urls.values()) this.#parts.page.withdraw(url);
    this.#urls.clear();
    this.looked.value = undefined;
  }

  #url(card: FileCard, isDownload: boolean): string {
    const key = `${card.blob} ${isDownload}`;
    const { page } = this.#parts;
    const url = this.#urls.get(key) ?? page.serve(this.#served(card, isDownload));
    this.#keep(key, url);
    return url;
  }

  #keep(key: string, url: string): void {
    const { page } = this.#parts;
    this.#urls.delete(key);
    this.#urls.set(key, url);
    const [oldest] = this.#urls;
    if (oldest && this.#urls.size > MAX_URLS) {
      this.#urls.delete(oldest[0]);
      page.withdraw(oldest[1]);
    }
  }

  #served(card: FileCard, isDownload: boolean): ServedFile {
    const { files } = this.#parts;
    const type = isDownload ? UNPLAYED : playedType(card.type);
    return {
      head: { name: plainName(card.name), size: card.size, type, isDownload },
      read: async function* (from, end, signal) {
        const opened = await files()?.open(card);
        if (!opened) throw new LocalError('account-locked', 'nobody is signed in here');
        yield* opened.plain(from, end, signal);
      },
    };
  }
}

/** A file that has not been sent yet, as one that can be played. */
export function servedSource(source: FileSource): ServedFile {
  const { name, size, type } = source;
  return {
    head: { name: plainName(name), size, type: playedType(type), isDownload: false },
    read: async function* (from, end) {
      for (let at = from; at < end; at += LOCAL_PIECE) yield source.read(at, Math.min(LOCAL_PIECE, end - at));
    },
  };
}
