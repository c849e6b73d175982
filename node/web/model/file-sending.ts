// Files on their way out: attached to what a person writes, then sealed and sent one after the other, each as a message once the
// server has it. What was attached survives a reload (src/client/files/kept-files.ts); a cut is waited out; what has to be chosen
// again says so.
import { type Signal, signal } from '@preact/signals';
import type { Client, FileSource } from '../../../src/client/client.ts';
import type { Files } from '../../../src/client/files/files.ts';
import type { KeptFile } from '../../../src/client/files/kept-files.ts';
import { MAX_FILE_NAME } from '../../../src/crypto/files/file-card.ts';
import { sealedSize } from '../../../src/crypto/files/sizes.ts';
import type { MessageId } from '../../../src/realm/ids.ts';
import type { Chat } from './chat.ts';
import { type Failure, failureOf } from './failure-text.ts';
import { decodeNote, encodeNote, type FileNote } from './file-note.ts';
import type { PageFiles } from './page-files.ts';

/** Files on their way at one time, each of another conversation. */
const AT_ONCE = 2;

export type FileState =
  /** Attached; goes with what is written. */
  | { readonly kind: 'attached' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sending'; readonly done: number; readonly total: number }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Larger than what is kept over a reload: the person has to choose it again. */
  | { readonly kind: 'missing' };

export interface FileJob {
  readonly id: string;
  readonly chat: Chat['id'];
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly state: Signal<FileState>;
  /** What it is read from; absent while it is missing. */
  readonly source: () => FileSource | undefined;
}

export interface FileSendingComponents {
  readonly client: Pick<Client, 'send' | 'act'>;
  readonly files: () => Pick<Files, 'upload' | 'forget' | 'kept'> | undefined;
  readonly page: Pick<PageFiles, 'preview'>;
  readonly chatOf: (id: Chat['id']) => Chat | undefined;
  /** Bytes of a sealed file that the server takes; undefined while nobody knows. */
  readonly largest: () => number | undefined;
  readonly newId: () => string;
}

interface Job extends FileJob {
  note: FileNote;
  given: FileSource | undefined;
  kept: Promise<KeptFile | undefined>;
  readonly stop: AbortController;
}

export class FileSending {
  /** Of all conversations, in the order in which they were attached. */
  readonly jobs: Signal<readonly FileJob[]> = signal([]);
  readonly #parts: FileSendingComponents;
  #all: readonly Job[] = [];
  #running = 0;
  #isOver = false;

  constructor(components: FileSendingComponents) {
    this.#parts = components;
  }

  /** Takes up what an earlier page left. */
  async start(): Promise<void> {
    const kept =
      (await this.#parts
        .files()
        ?.kept?.list()
        .catch(() => [])) ?? [];
    if (this.#isOver) return;
    const jobs = kept.flatMap((file) => this.#takenUp(file) ?? []);
    this.#set([...jobs.sort((a, b) => a.note.at - b.note.at), ...this.#all]);
    this.#fill();
  }

  /** Everything waits for the next login. */
  stop(): void {
    this.#isOver = true;
    for (const { stop } of this.#all) stop.abort();
    this.#set([]);
  }

  /** `at`: now, for the order after a reload. */
  attach(chat: Chat['id'], sources: readonly FileSource[], at: number): void {
    const fresh = sources.map((source, index) => this.#attached(source, { chat, at: at + index, isSent: false }));
    this.#set([...this.#all, ...fresh]);
  }

  /** What is attached goes, with the text beside the first. False when nothing is attached. */
  send(chat: Chat['id'], text: string, replyTo?: MessageId): boolean {
    const attached = this.#all.filter((job) => job.chat === chat && job.state.peek().kind === 'attached');
    for (const [index, job] of attached.entries()) {
      const first = index === 0 ? { ...(text !== '' && { text }), ...(replyTo && { replyTo }) } : {};
      job.note = { ...job.note, ...first, isSent: true };
      job.state.value = { kind: 'waiting' };
      void this.#keepNote(job);
    }
    this.#fill();
    return attached.length > 0;
  }

  retry({ id }: FileJob): void {
    const job = this.#job(id);
    if (job?.state.peek().kind !== 'failed') return;
    job.state.value = { kind: job.note.isSent ? 'waiting' : 'attached' };
    this.#fill();
  }

  /** The person chose it again. False when it is another file. */
  giveAgain({ id }: FileJob, source: FileSource): boolean {
    const job = this.#job(id);
    if (!job || source.name !== job.name || source.size !== job.size) return false;
    job.given = { ...source, mark: `${source.mark}/${id}` };
    job.state.value = { kind: job.note.isSent ? 'waiting' : 'attached' };
    this.#fill();
    return true;
  }

  /** Not to be sent: nothing of it stays here or at the server. */
  async cancel({ id }: FileJob): Promise<void> {
    const job = this.#job(id);
    if (!job) return;
    job.stop.abort();
    this.#set(this.#all.filter((other) => other !== job));
    const source = job.source();
    const files = this.#parts.files();
    if (source) await files?.forget(source).catch(() => undefined);
    await this.#drop(job);
  }

  #attached(given: FileSource, note: FileNote): Job {
    const id = this.#parts.newId();
    const name = given.name.toWellFormed().slice(0, MAX_FILE_NAME).toWellFormed() || 'file';
    // the same file twice is two uploads
    const source = { ...given, name, mark: `${given.mark}/${id}` };
    const job = this.#made({ id, ...source, note, given: source });
    const largest = this.#parts.largest();
    if (largest !== undefined && sealedSize(source.size) > largest) {
      job.state.value = { kind: 'failed', failure: { code: 'file-too-long', params: { limit: largest } } };
      return job;
    }
    const keep = { id, source, note: encodeNote(note), signal: job.stop.signal };
    // a device without room sends it all the same
    job.kept =
      this.#parts
        .files()
        ?.kept?.keep(keep)
        .catch(() => undefined) ?? Promise.resolve(undefined);
    return job;
  }

  #takenUp(file: KeptFile): Job | undefined {
    const note = decodeNote(file.note);
    const kept = this.#parts.files()?.kept;
    if (!note || !kept || this.#job(file.id)) return undefined;
    const job = this.#made({ ...file, note, given: file.isHere ? kept.source(file) : undefined });
    job.kept = Promise.resolve(file);
    if (!file.isHere) job.state.value = { kind: 'missing' };
    return job;
  }

  #made(init: Pick<Job, 'id' | 'name' | 'size' | 'type' | 'note' | 'given'>): Job {
    const { id, name, size, type, note, given } = init;
    const state = signal<FileState>({ kind: note.isSent ? 'waiting' : 'attached' });
    const job: Job = {
      id,
      name,
      size,
      type,
      note,
      given,
      state,
      chat: note.chat,
      source: () => job.given,
      kept: Promise.resolve(undefined),
      stop: new AbortController(),
    };
    return job;
  }

  #fill(): void {
    /** One at a time of a conversation, so that they stand in the order in which they were attached. */
    const busy = new Set(this.#all.flatMap((job) => (job.state.peek().kind === 'sending' ? job.chat : [])));
    for (const job of this.#all) {
      if (this.#running >= AT_ONCE) return;
      if (job.state.peek().kind !== 'waiting' || busy.has(job.chat)) continue;
      busy.add(job.chat);
      void this.#run(job);
    }
  }

  async #run(job: Job): Promise<void> {
    this.#running += 1;
    job.state.value = { kind: 'sending', done: 0, total: sealedSize(job.size) };
    try {
      await this.#upload(job);
      this.#set(this.#all.filter((other) => other !== job));
      await this.#drop(job);
    } catch (error) {
      if (!job.stop.signal.aborted) job.state.value = { kind: 'failed', failure: failureOf(error) };
    } finally {
      this.#running -= 1;
      this.#fill();
    }
  }

  async #upload(job: Job): Promise<void> {
    const { files, page } = this.#parts;
    const [source, place] = [job.given, files()];
    if (!source || !place) return;
    await job.kept;
    const { signal } = job.stop;
    const preview = () => page.preview(source).catch(() => undefined);
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      job.state.value = { kind: 'sending', done, total };
    };
    const file = await place.upload({ ...source, preview }, { signal, onProgress });
    signal.throwIfAborted();
    const { chat, text, replyTo } = job.note;
    const person = this.#parts.chatOf(chat)?.person;
    // the first words to somebody begin the conversation
    if (person && !replyTo) await this.#parts.client.send({ to: person, text: text ?? '', file });
    else {
      const more = { ...(text !== undefined && { text }), ...(replyTo && { replyTo }) };
      await this.#parts.client.act(chat, { kind: 'file', file, ...more });
    }
  }

  async #keepNote(job: Job): Promise<void> {
    const kept = await job.kept;
    if (kept && !job.stop.signal.aborted) await this.#parts.files()?.kept?.note(kept, encodeNote(job.note));
  }

  async #drop(job: Job): Promise<void> {
    await job.kept;
    await this.#parts
      .files()
      ?.kept?.drop(job)
      .catch(() => undefined);
  }

  #job(id: string): Job | undefined {
    return this.#all.find((job) => job.id === id);
  }

  #set(jobs: readonly Job[]): void {
    this.#all = jobs;
    this.jobs.value = jobs;
  }
}
