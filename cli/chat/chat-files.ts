// Files of a terminal chat: sent from paths, fetched into folders. Cards of what came in this run are remembered by their messages.
import type { Client, FileCard, Message, Progress } from '../../src/client/client.ts';
import { InputError, RefusedError } from '../../src/realm/errors.ts';
import type { MessageId } from '../../src/realm/ids.ts';
import { DiskSink, openSource } from './disk-files.ts';

/** Cards that are remembered; the oldest go first. */
const MAX_CARDS = 1000;

export interface FileRequest {
  readonly to: string;
  readonly path: string;
  readonly text?: string | undefined;
}

export class ChatFiles {
  readonly #client: Client;
  readonly #cards = new Map<MessageId, FileCard>();

  constructor(client: Client) {
    this.#client = client;
  }

  meet({ id, file }: Message): void {
    if (!file) return;
    this.#cards.set(id, file);
    const [oldest] = this.#cards.keys();
    if (this.#cards.size > MAX_CARDS && oldest !== undefined) this.#cards.delete(oldest);
  }

  /** Resolves when the file is with the server and its message is queued. The same again goes on where it was. */
  async send(
    { to, path, text = '' }: FileRequest,
    signal: AbortSignal,
    onProgress: (now: Progress) => void,
  ): Promise<Message> {
    const source = await openSource(path);
    try {
      const file = await this.#server().upload(source, { signal, onProgress });
      return await this.#client.send({ to, text, file });
    } finally {
      await source.close();
    }
  }

  /** @returns the path that it has now. @throws InputError `message-unknown` when no file came with that message in this run */
  async save(id: MessageId, folder: string, signal: AbortSignal, onProgress: (now: Progress) => void): Promise<string> {
    const card = this.#cards.get(id);
    if (!card) throw new InputError('message-unknown', `No file came with ${id} while this chat was open`);
    const sink = new DiskSink(folder, card.name, card.blob);
    try {
      await this.#server().download(card, sink, { signal, onProgress });
    } finally {
      await sink.close();
    }
    return sink.path ?? '';
  }

  /** Of the newest message with a file. */
  get newest(): MessageId | undefined {
    return [...this.#cards.keys()].at(-1);
  }

  #server() {
    const { files } = this.#client;
    if (!files) throw new RefusedError('account-locked', 'files need an open account');
    return files;
  }
}
