// What this client has sent and the server has not yet confirmed. It survives reconnects and, with a storage, the end of
// the client: a message keeps its id, its content and its sealed bytes, so that sending it again is harmless.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import * as v from 'valibot';
import type { ClientFrame } from '../protocols/lan/frames.ts';
import { base64url, conversationId, messageId, userId } from '../protocols/lan/wire.ts';
import type { Clock, Timer } from '../realm/clock.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import type { ClientStorage } from './platform.ts';

/** Messages on their way to the server at one time. */
const WINDOW = 64;
/** Milliseconds before what the server refused for a passing reason is tried again. */
const RETRY_PAUSE = 1000;

export interface Outgoing {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly recipients: readonly UserId[];
  readonly sentAt: number;
  readonly text: string;
  readonly body: Uint8Array;
}

const stored = v.object({
  id: messageId,
  conversation: conversationId,
  recipients: v.array(userId),
  sentAt: v.number(),
  text: v.string(),
  body: base64url,
});

export interface OutboxComponents {
  readonly storage: ClientStorage;
  readonly clock: Pick<Clock, 'after'>;
  readonly send: (frame: ClientFrame) => boolean;
}

export class Outbox {
  readonly #components: OutboxComponents;
  readonly #waiting = new Map<MessageId, Outgoing>();
  readonly #flying = new Set<MessageId>();
  readonly #emptied = new Set<() => void>();
  #prefix = '';
  #retry: Timer | undefined;

  constructor(components: OutboxComponents) {
    this.#components = components;
  }

  /** Takes over what an earlier run of this user's client left. */
  async open(prefix: string): Promise<readonly Outgoing[]> {
    const { storage } = this.#components;
    this.#prefix = prefix;
    for (const key of await storage.keys(prefix)) {
      const entry = decodeEntry(await storage.get(key));
      if (entry) this.#waiting.set(entry.id, entry);
      else await storage.delete(key);
    }
    return [...this.#waiting.values()].sort((a, b) => a.sentAt - b.sentAt);
  }

  has(id: MessageId): boolean {
    return this.#waiting.has(id);
  }

  async add(entry: Outgoing): Promise<void> {
    this.#waiting.set(entry.id, entry);
    const body = toString(entry.body, 'base64url');
    await this.#components.storage.set(this.#prefix + entry.id, JSON.stringify({ ...entry, body }));
    this.#fill();
  }

  /** A new connection: whatever was on its way may be lost and goes again. */
  resend(): void {
    this.#flying.clear();
    this.#fill();
  }

  /** The server has it, or never will. */
  async remove(id: MessageId): Promise<void> {
    this.#waiting.delete(id);
    this.#flying.delete(id);
    await this.#components.storage.delete(this.#prefix + id);
    this.#fill();
    if (this.#waiting.size > 0) return;
    for (const resolve of this.#emptied) resolve();
    this.#emptied.clear();
  }

  /** The server could not take one now: all that it has not confirmed goes again after a pause. */
  postpone(): void {
    this.#retry?.cancel();
    this.#retry = this.#components.clock.after(RETRY_PAUSE, () => this.resend());
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

  /** Another user comes; what waits stays in the storage under the first one's key. */
  forget(): void {
    this.close();
    this.#waiting.clear();
    this.#flying.clear();
  }

  #fill(): void {
    for (const entry of this.#waiting.values()) {
      if (this.#flying.size >= WINDOW) return;
      if (this.#flying.has(entry.id)) continue;
      if (!this.#components.send(frameOf(entry))) return;
      this.#flying.add(entry.id);
    }
  }
}

function frameOf(entry: Outgoing): ClientFrame {
  const { id, conversation, recipients, body } = entry;
  return { kind: 'submit', id, conversation, recipients: [...recipients], expires: 0, body };
}

function decodeEntry(text: string | undefined): Outgoing | undefined {
  try {
    const result = v.safeParse(stored, JSON.parse(text ?? ''));
    return result.success
      ? { ...result.output, body: new Uint8Array(fromString(result.output.body, 'base64url')) }
      : undefined;
  } catch {
    return undefined;
  }
}
