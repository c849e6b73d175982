// All that one login does with files: what goes out, what is shown, what is being recorded.

import { toString } from 'uint8arrays/to-string';
import type { Clock } from '../../../src/realm/clock.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import type { Chats } from './chats.ts';
import { FileSending } from './file-sending.ts';
import type { PageClient } from './page-client.ts';
import type { PageFiles } from './page-files.ts';
import { ShownFiles } from './shown-files.ts';

export interface FileDeskComponents {
  readonly client: PageClient;
  readonly page: PageFiles;
  readonly chats: Chats;
  readonly clock: Pick<Clock, 'now'>;
  /** Bytes of a sealed file that the server takes. */
  readonly largest: () => number | undefined;
}

export class FileDesk {
  readonly sending: FileSending;
  readonly shown: ShownFiles;
  readonly page: PageFiles;
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ client, page, chats, clock, largest }: FileDeskComponents) {
    const files = () => client.files;
    const chatOf = (id: string) => chats.list.peek().find((chat) => chat.id === id);
    this.sending = new FileSending({
      client,
      files,
      page,
      chatOf,
      largest,
      newId: () => toString(systemRandom(16), 'hex'),
    });
    this.shown = new ShownFiles({ page, files });
    this.page = page;
    this.#clock = clock;
  }

  attach(chat: Parameters<FileSending['attach']>[0], sources: Parameters<FileSending['attach']>[1]): void {
    this.sending.attach(chat, sources, this.#clock.now());
  }

  start(): void {
    void this.sending.start();
  }

  stop(): void {
    this.sending.stop();
    this.shown.stop();
  }
}
