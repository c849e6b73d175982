// What came lately, as it was sealed: a server that was restored from a copy takes messages back only with the signatures of the devices
// that wrote them, and what this device shows of a message has none any more. Kept for some days, since nobody restores an older copy
// without knowing what is lost; in the background, since nobody waits for it.
//
//   cache records, area 'sealed'/DAY, name conversation/message: [2, sender, device, ms, counter, expires, kept at, body, [blob, …]]
//                  area 'sealed': which days there are (kept-days.ts)
import { MAX_BLOBS, MAX_BODY, MAX_COUNTER, readId } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import { BLOB_ID_BYTES, type BlobId, blobIdBytes, blobIdOf } from '../../realm/blob-id.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import {
  type ConversationId,
  idBytes,
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
} from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import { KeptDays } from './kept-days.ts';

export interface KeptBody extends Pick<FrameMessage, 'id' | 'sender' | 'device' | 'stamp' | 'expires' | 'body'> {
  /** Of the files that go with it, as far as the body could be opened. */
  readonly blobs: readonly BlobId[];
}

const AREA = 'sealed';
const DAY = 24 * 3_600_000;
/** Milliseconds for which a body is kept. */
export const KEPT_FOR: number = 7 * DAY;
/** Bodies that wait for the cache; above that they are left out. */
const MAX_WAITING = 1000;
/** Days that something is kept in, today and the one that is just going included. */
const DAYS = KEPT_FOR / DAY + 1;
const MAX_FORM = MAX_BODY + MAX_BLOBS * 34 + 256;

export class KeptBodies {
  readonly #cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #days: KeptDays;
  #waiting = new Map<string, Uint8Array>();
  /** The day up to which all is cleared away that is too old. */
  #clearedOn: number | undefined;
  #work: Promise<void> = Promise.resolve();
  #isWriting = false;

  constructor(cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>, clock: Pick<Clock, 'now'>) {
    this.#cache = cache;
    this.#clock = clock;
    this.#days = new KeptDays({ cache, clock, area: AREA, keptFor: DAYS });
  }

  /** Of messages that the server has; those that are older than KEPT_FOR are not kept. `lasts`: of those that disappear, their milliseconds. */
  keep(
    { id, conversation, sender, device, stamp, expires, arrivedAt, body }: FrameMessage,
    blobs: readonly BlobId[] = [],
    lasts: number = KEPT_FOR,
  ): void {
    const now = this.#clock.now();
    // What may have disappeared here already does not come back by the way of a list that shows it.
    if (
      (arrivedAt ?? stamp.ms) < now - Math.min(KEPT_FOR, lasts) ||
      body.length === 0 ||
      this.#waiting.size >= MAX_WAITING
    )
      return;
    const { ms, counter } = stamp;
    const files = blobs.map(blobIdBytes);
    const at = Math.max(0, Math.floor(now));
    const form = encodeItem([2, idBytes(sender), idBytes(device), ms, counter, expires, at, body, files]);
    this.#waiting.set(`${conversation}/${id}`, form);
    this.#write();
  }

  async of(conversation: ConversationId, id: MessageId): Promise<KeptBody | undefined> {
    await this.#work;
    const name = `${conversation}/${id}`;
    for (const day of await this.#days.list()) {
      const bytes = await this.#cache.record(areaOf(day), name);
      if (bytes) return decodeKept(name, bytes).kept;
    }
    return undefined;
  }

  /** Files of a message that is kept. */
  async blobsOf(conversation: ConversationId, id: MessageId): Promise<readonly BlobId[]> {
    return (await this.of(conversation, id))?.blobs ?? [];
  }

  /** Taken back, or disappeared. @throws LocalError `cache-full`, `cache-failed`: what could not be forgotten is to be once more */
  forget(conversation: ConversationId, ids: readonly MessageId[]): Promise<void> {
    for (const id of ids) this.#waiting.delete(`${conversation}/${id}`);
    const names = new Map(ids.map((id) => [`${conversation}/${id}`, undefined]));
    return this.#inTurn(async () => {
      const days = await this.#days.list();
      await Promise.all(days.map((day) => this.#cache.setRecords(areaOf(day), names)));
    });
  }

  /** By conversation. */
  async all(): Promise<ReadonlyMap<ConversationId, readonly KeptBody[]>> {
    await this.#work;
    const found = new Map<ConversationId, KeptBody[]>();
    const before = this.#clock.now() - KEPT_FOR;
    for (const day of await this.#days.list()) {
      for (const [name, bytes] of await this.#cache.records(areaOf(day))) {
        const { at, kept } = decodeKept(name, bytes);
        const conversation = parseConversationId(name.split('/')[0] ?? '');
        if (at >= before) found.set(conversation, [...(found.get(conversation) ?? []), kept]);
      }
    }
    return found;
  }

  /** A cache without room has more important things to hold. */
  #write(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const written = this.#inTurn(async () => {
      this.#isWriting = false;
      const rows = this.#waiting;
      this.#waiting = new Map();
      await this.#clear();
      await this.#cache.setRecords(areaOf(await this.#days.write()), rows);
    });
    void written.catch(passing);
  }

  /** Once a day: whatever is too old, also when this device was off for long. */
  async #clear(): Promise<void> {
    const today = this.#days.today();
    if (this.#clearedOn === today) return;
    for (const day of await this.#days.old()) {
      const names = [...(await this.#cache.records(areaOf(day))).keys()];
      await this.#cache.setRecords(areaOf(day), new Map(names.map((name) => [name, undefined])));
      await this.#days.gone(day);
    }
    this.#clearedOn = today;
  }

  /** What fails keeps nobody behind it waiting. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(passing);
    return done;
  }
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}

const areaOf = (day: number): string => `${AREA}/${day}`;

/** @throws PeerError `frame-malformed` */
export function decodeKept(name: string, bytes: Uint8Array): { readonly at: number; readonly kept: KeptBody } {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'kept body', 9);
  if (fields.uint() !== 2) fields.fail('version 2');
  const id = parseMessageId(name.split('/')[1] ?? '');
  const by = { sender: readId(fields, parseUserId), device: readId(fields, parseDeviceId) };
  const stamp = { ms: fields.uint(), counter: fields.uint(MAX_COUNTER) };
  const [expires, at] = [fields.uint(), fields.uint()];
  const body = fields.bytes(MAX_BODY);
  const files = fields.list(MAX_BLOBS);
  const list = new Fields(files, 'files of a kept body');
  const blobs = files.map(() => blobIdOf(list.bytes(BLOB_ID_BYTES, BLOB_ID_BYTES)));
  return { at, kept: { id, ...by, stamp, expires, body, blobs } };
}
