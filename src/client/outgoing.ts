// What this client has sent and the server has not yet confirmed: content of any kind. It survives reconnects and, with a storage, the
// end of the client. A message keeps its id; it is sealed when there is a connection, since that may need keys that only the server
// can bring, and once it is sealed it keeps those bytes, so that sending it again is harmless. Of each conversation what was sent
// first goes first.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import * as v from 'valibot';
import { decodeContent, encodeContent, type MadeContent } from '../crypto/content.ts';
import type { ClientFrame } from '../protocols/lan/frames.ts';
import { type ErrorParams, errorParams } from '../protocols/lan/routes.ts';
import { base64url, conversationId, messageId, userId } from '../protocols/lan/wire.ts';
import { blobIdBytes } from '../realm/blob-id.ts';
import type { Clock, Timer } from '../realm/clock.ts';
import { CanopyError } from '../realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import type { ClientStorage } from './platform.ts';

/** Messages on their way to the server at one time. */
const WINDOW = 64;
/** Milliseconds before what the server refused for a passing reason is tried again: the first time, and at most. */
const RETRY_PAUSE = { first: 1000, most: 30_000 };

export interface Outgoing {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  /** Of a conversation of two; none for the members of the conversation's group. */
  readonly recipients: readonly UserId[];
  /** When it was handed in here: the order within a conversation. */
  readonly sentAt: number;
  readonly content: MadeContent;
  /** Once it is sealed. */
  readonly body?: Uint8Array;
  /** The server will not have it; it is kept until the person tries again or gives it up. */
  readonly failure?: { readonly code: string; readonly params: ErrorParams };
}

const stored = v.object({
  id: messageId,
  conversation: conversationId,
  recipients: v.array(userId),
  sentAt: v.number(),
  content: base64url,
  body: v.optional(base64url),
  failure: v.optional(v.object({ code: v.string(), params: errorParams })),
});

export interface OutboxComponents {
  readonly storage: ClientStorage;
  readonly clock: Pick<Clock, 'after'>;
  readonly send: (frame: ClientFrame) => boolean;
  /** Whether there is a connection. */
  readonly isConnected: () => boolean;
  readonly seal: (entry: Outgoing) => Promise<Uint8Array>;
  /** It could not be sealed. */
  readonly onUnsealed: (id: MessageId, error: CanopyError) => Promise<void>;
}

export class Outbox {
  readonly #components: OutboxComponents;
  readonly #waiting = new Map<MessageId, Outgoing>();
  readonly #flying = new Set<MessageId>();
  readonly #sealing = new Set<ConversationId>();
  readonly #emptied = new Set<() => void>();
  #prefix = '';
  #retry: Timer | undefined;
  #pause = RETRY_PAUSE.first;

  constructor(components: OutboxComponents) {
    this.#components = components;
  }

  /** Takes over what an earlier run of this user's client left. */
  async open(prefix: string): Promise<readonly Outgoing[]> {
    const { storage } = this.#components;
    this.#prefix = prefix;
    const left: Outgoing[] = [];
    for (const key of await storage.keys(prefix)) {
      const entry = decodeEntry(await storage.get(key));
      if (entry) left.push(entry);
      else await storage.delete(key);
    }
    left.sort((a, b) => a.sentAt - b.sentAt || (a.id < b.id ? -1 : 1));
    for (const entry of left) if (!entry.failure) this.#waiting.set(entry.id, entry);
    return left;
  }

  get waiting(): readonly Outgoing[] {
    return [...this.#waiting.values()];
  }

  /** Resolves once it is kept; it goes with `go`. */
  async add(entry: Outgoing): Promise<void> {
    await this.#store(entry);
    this.#waiting.set(entry.id, entry);
  }

  /** A new connection: whatever was on its way may be lost and goes again. */
  resend(): void {
    this.#pause = RETRY_PAUSE.first;
    this.#again();
  }

  #again(): void {
    this.#flying.clear();
    this.go();
  }

  /** The server has it, or nobody wants it any more. */
  async remove(id: MessageId): Promise<void> {
    this.#takeOut(id);
    await this.#components.storage.delete(this.#prefix + id);
    this.#goOn();
  }

  /** The server will never have it as it is: it goes no more, and is kept. */
  async giveUp(id: MessageId, failure: NonNullable<Outgoing['failure']>): Promise<void> {
    const entry = this.#waiting.get(id);
    this.#takeOut(id);
    if (entry) await this.#store({ ...entry, failure });
    this.#goOn();
  }

  #takeOut(id: MessageId): void {
    this.#waiting.delete(id);
    this.#flying.delete(id);
    this.#pause = RETRY_PAUSE.first;
  }

  #goOn(): void {
    this.go();
    if (this.#waiting.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }

  /** The server could not take one now: all that it has not confirmed goes again after a pause. */
  postpone(): void {
    this.#retry?.cancel();
    this.#retry = this.#components.clock.after(this.#pause, () => this.#again());
    this.#pause = Math.min(2 * this.#pause, RETRY_PAUSE.most);
  }

  empty(signal?: AbortSignal): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#emptied.delete(done);
        reject(signal?.reason);
      };
      const done = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#emptied.add(done);
    });
  }

  close(): void {
    this.#retry?.cancel();
  }

  /** Sends whatever can go now. */
  go(): void {
    if (!this.#components.isConnected()) return;
    /** What comes after something unsealed would overtake it. */
    const behind = new Set<ConversationId>();
    for (const entry of this.#waiting.values()) {
      if (this.#flying.size >= WINDOW) return;
      if (this.#flying.has(entry.id) || behind.has(entry.conversation)) continue;
      if (!entry.body) {
        behind.add(entry.conversation);
        if (!this.#waitsForTarget(entry)) void this.#seal(entry);
        continue;
      }
      if (!this.#components.send(frameOf(entry, entry.body))) return;
      this.#flying.add(entry.id);
    }
  }

  /** A deletion says where its targets stood: for the server to say of what was written just before. */
  #waitsForTarget({ content }: Outgoing): boolean {
    return content.kind === 'delete' && content.targets.some((target) => this.#waiting.has(target));
  }

  async #seal(entry: Outgoing): Promise<void> {
    const { seal, onUnsealed } = this.#components;
    const { conversation, id } = entry;
    if (this.#sealing.has(conversation)) return;
    this.#sealing.add(conversation);
    try {
      const sealed = { ...entry, body: await seal(entry) };
      // Meanwhile the message may have been given up.
      if (this.#waiting.get(id) !== entry) return;
      this.#waiting.set(id, sealed);
      await this.#store(sealed);
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      await onUnsealed(id, error);
      return;
    } finally {
      this.#sealing.delete(conversation);
    }
    this.go();
  }

  #store({ body, content, ...entry }: Outgoing): Promise<void> {
    const sealed = body ? { body: toString(body, 'base64url') } : {};
    const text = JSON.stringify({ ...entry, content: toString(encodeContent(content), 'base64url'), ...sealed });
    return this.#components.storage.set(this.#prefix + entry.id, text);
  }
}

function frameOf({ id, conversation, recipients, content }: Outgoing, body: Uint8Array): ClientFrame {
  const file = 'file' in content ? content.file : undefined;
  const blobs = file ? { blobs: [blobIdBytes(file.blob)] } : {};
  return { kind: 'submit', id, conversation, recipients: [...recipients], expires: 0, body, ...blobs };
}

function decodeEntry(text: string | undefined): Outgoing | undefined {
  try {
    const { body, content, failure, ...entry } = v.parse(stored, JSON.parse(text ?? ''));
    const made = decodeContent(bytesOf(content));
    if (made.kind === 'unknown') return undefined;
    return { ...entry, content: made, ...(body !== undefined && { body: bytesOf(body) }), ...(failure && { failure }) };
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(fromString(text, 'base64url'));
}
