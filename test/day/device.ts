// One device of a person in a generated day: the client library with storage and cache that outlive a restart of the program. Everything
// given and told is plain JSON, so that a device may as well stand in another process (device-host.ts).
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { makeCacheSecret } from '../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../src/client/cache/sealed-cache.ts';
import {
  type Client,
  type ClientInit,
  createClient,
  type FileCard,
  type ShownMessage,
} from '../../src/client/client.ts';
import { memoryStorage } from '../../src/client/platform.ts';
import { codeOf, RefusedError } from '../../src/realm/errors.ts';
import { parseConversationId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';
import { randomBytesOf, randomOf } from '../simulation/random.ts';

/** Milliseconds that a device has to send what it wrote before it goes off; a home behind a cut may keep it longer. */
const LAST_WORDS = 10_000;
const LOOK_EVERY = 50;

export interface DeviceInit {
  readonly server: string;
  /** PEM of what vouches for the server. */
  readonly ca?: string;
  readonly user: string;
  readonly password: string;
  /** At the first login. */
  readonly newPassword?: string;
}

export interface SaidText {
  readonly text: string;
  readonly replyTo?: string;
}

export interface ShownEntry {
  readonly id: string;
  readonly sender: string;
  readonly text?: string;
  readonly file?: { readonly name: string; readonly size: number };
  readonly replyTo?: string;
  readonly isEdited: boolean;
  readonly isDeleted: boolean;
  /** Sorted by emoji, each with its users, sorted. */
  readonly reactions: readonly (readonly [emoji: string, users: readonly string[]])[];
  readonly problem?: string;
}

export interface ShownChat {
  readonly name?: string;
  readonly entries: readonly ShownEntry[];
}

export interface DeviceAccount {
  readonly counters: Readonly<Record<string, number>>;
  /** Messages that were told twice, readable, to one run of the program. */
  readonly doubled: readonly string[];
  /** What was refused for good. */
  readonly failed: readonly string[];
  /** Codes of troubles on the way, which may have passed. */
  readonly errors: readonly string[];
}

/** What outlives a run of the program. */
type DevicePlace = Required<Pick<ClientInit, 'storage' | 'openCache'>>;

export class DayDevice {
  readonly #init: DeviceInit;
  readonly #place: DevicePlace;
  readonly #platform: ReturnType<typeof nodePlatform>;
  readonly #doubled: string[] = [];
  readonly #failed: string[] = [];
  readonly #errors: string[] = [];
  #client: Client;
  #token: string | undefined;

  private constructor(init: DeviceInit, place: DevicePlace) {
    this.#init = init;
    this.#place = place;
    this.#platform = nodePlatform(init.ca === undefined ? {} : { ca: init.ca });
    this.#client = this.#open();
  }

  /** Logged in and connected. */
  static async login(init: DeviceInit): Promise<DayDevice> {
    const [engine, secret] = [new MemoryEngine(), await makeCacheSecret(new Uint8Array(32).fill(7))];
    const place = { storage: memoryStorage(), openCache: () => SealedCache.open({ engine, secret }) };
    const device = new DayDevice(init, place);
    const { user, password, newPassword } = init;
    const me = await device.#client.login(user, password, newPassword === undefined ? {} : { newPassword });
    device.#token = me.token;
    device.#client.connect();
    return device;
  }

  userId(): string {
    return this.#client.me?.user.id ?? '';
  }

  /** Once what it wrote has gone out: a day compares what the others show, and what lies in a device that is off nobody can show. */
  async off(): Promise<void> {
    const end = Date.now() + LAST_WORDS;
    while (this.#client.queued().length > 0 && Date.now() < end) await pause(LOOK_EVERY);
    this.#client.disconnect();
  }

  async on(): Promise<void> {
    this.#client.connect();
  }

  /** The program ends and comes again with what the device keeps. */
  async restart(): Promise<void> {
    this.#client.disconnect();
    this.#client = this.#open();
    await this.#client.resume(this.#token);
    this.#client.connect();
  }

  /** @param other the person of a conversation of two */
  async say(chat: string, { text, replyTo }: SaidText, other?: string): Promise<string> {
    const reply = replyTo === undefined ? {} : { replyTo: parseMessageId(replyTo) };
    try {
      return await this.#client.act(parseConversationId(chat), { kind: 'text', text, ...reply });
    } catch (error) {
      if (codeOf(error) !== 'conversation-unknown' || other === undefined || replyTo !== undefined) throw error;
      return (await this.#client.send({ to: await this.#user(other), text })).id;
    }
  }

  async sendFile(chat: string, file: { name: string; size: number }, other?: string): Promise<string> {
    const { files } = this.#client;
    if (!files) throw new Error('the account is not open');
    const content = contentOf(file);
    const card = await files.upload({
      ...file,
      type: 'application/octet-stream',
      mark: file.name,
      read: async (from, length) => content.slice(from, from + length),
    });
    try {
      return await this.#client.act(parseConversationId(chat), { kind: 'file', file: card });
    } catch (error) {
      if (codeOf(error) !== 'conversation-unknown' || other === undefined) throw error;
      return (await this.#client.send({ to: await this.#user(other), text: '', file: card })).id;
    }
  }

  edit(chat: string, target: string, text: string): Promise<string> {
    return this.#client.act(parseConversationId(chat), { kind: 'edit', target: parseMessageId(target), text });
  }

  delete(chat: string, target: string): Promise<string> {
    return this.#client.act(parseConversationId(chat), { kind: 'delete', targets: [parseMessageId(target)] });
  }

  react(chat: string, target: string, emoji: string, on: boolean): Promise<string> {
    return this.#client.act(parseConversationId(chat), {
      kind: 'reaction',
      target: parseMessageId(target),
      emoji,
      on,
    });
  }

  rename(chat: string, name: string): Promise<string> {
    return this.#client.act(parseConversationId(chat), { kind: 'profile', name });
  }

  draft(chat: string, text: string): Promise<void> {
    return this.#client.setDraft(parseConversationId(chat), text);
  }

  make(members: readonly string[]): Promise<string> {
    return this.#client.groups.create({ name: '', members: members.map(parseUserId) });
  }

  async invite(chat: string, user: string): Promise<void> {
    await this.#client.groups.invite(parseConversationId(chat), [parseUserId(user)]);
  }

  async remove(chat: string, user: string): Promise<void> {
    await this.#client.groups.remove(parseConversationId(chat), parseUserId(user));
  }

  async leave(chat: string): Promise<void> {
    await this.#client.groups.leave(parseConversationId(chat));
  }

  /** All that it shows of a chat, oldest first. */
  async shown(chat: string): Promise<ShownChat> {
    const timeline = await this.#client.timeline(parseConversationId(chat));
    try {
      while (await timeline.older());
      const { items, name } = timeline.view();
      const entries = items.flatMap((item) => (item.kind === 'message' ? [entryOf(item)] : []));
      return { entries, ...(name !== undefined && { name }) };
    } finally {
      timeline.close();
    }
  }

  /** SHA-256 of a file's content, fetched anew. */
  async fetched(chat: string, id: string): Promise<string> {
    const timeline = await this.#client.timeline(parseConversationId(chat));
    while (await timeline.older());
    const item = timeline.view().items.find((one) => one.id === id);
    timeline.close();
    if (item?.kind !== 'message' || !item.file) throw new RefusedError('blob-unknown', `no file at ${id}`);
    return this.#hashOf(item.file);
  }

  async account(): Promise<DeviceAccount> {
    const [doubled, failed, errors] = [this.#doubled, this.#failed, this.#errors];
    return { counters: this.#client.counters(), doubled, failed, errors };
  }

  async close(): Promise<void> {
    this.#client.disconnect();
    await this.#platform.close();
  }

  async #hashOf(card: FileCard): Promise<string> {
    const bytes = new Uint8Array(card.size);
    await this.#client.files?.download(card, {
      have: async () => 0,
      read: async (from, length) => bytes.slice(from, from + length),
      write: async (at, part) => bytes.set(part, at),
      finish: async () => {},
    });
    return createHash('sha256').update(bytes).digest('hex');
  }

  async #user(id: string) {
    const user = await this.#client.userById(parseUserId(id));
    if (!user) throw new RefusedError('user-unknown', `${id} is not known here`);
    return user;
  }

  #open(): Client {
    const { server } = this.#init;
    const client = createClient({ server, ...this.#platform, ...this.#place, random: () => 0 });
    const told = new Set<string>();
    client.on('message', ({ id, problem }) => {
      if (told.has(id)) this.#doubled.push(id);
      // What could not be read when it came is told again once its key is here.
      if (problem === undefined) told.add(id);
    });
    client.on('state', ({ state, id, failure }) => {
      if (state === 'failed') this.#failed.push(`${id} ${failure?.code}`);
    });
    client.on('error', ({ code }) => this.#errors.push(code));
    client.on('signed-out', ({ code }) => this.#errors.push(`signed-out ${code}`));
    return client;
  }
}

/** Made of the name, so that both ends know it. */
export function contentOf({ name, size }: { readonly name: string; readonly size: number }): Uint8Array {
  const seed = createHash('sha256').update(name).digest().readInt32LE();
  return randomBytesOf(randomOf(seed))(size);
}

function entryOf(item: ShownMessage): ShownEntry {
  const { id, sender, text, file, replyTo, problem } = item;
  return {
    id,
    sender,
    ...(text !== undefined && { text }),
    ...(file && { file: { name: file.name, size: file.size } }),
    ...(replyTo !== undefined && { replyTo }),
    isEdited: item.editedAt !== undefined,
    isDeleted: item.deletedBy !== undefined,
    reactions: item.reactions
      .map(({ emoji, users }) => [emoji, [...users].sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    ...(problem !== undefined && { problem }),
  };
}
