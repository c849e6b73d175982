// Taking in what another realm's node delivered. Each envelope is judged on its own: accepted, known already, or rejected
// with a code; a bad one never stops the others. Everything accepted, and what the caller adds, is one durable batch.
import { equals } from 'uint8arrays/equals';
import { type EncodedEnvelope } from '../../src/crypto/envelope.ts';
import { decodeReceipts, type ReceiptEntry } from '../../src/protocols/deliver/receipts.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { codeOf, LocalError, PeerError } from '../../src/realm/errors.ts';
import { directConversationId, type MessageId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { PathKind } from '../../src/realm/path-kinds.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Directory, Met } from '../directory/directory.ts';
import { isDirect } from './acceptance.ts';
import type { ArrivalLog, Draft } from './arrival-log.ts';
import { type EventStore, receiptWrite } from './event-store.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { MessageRules } from './message-rules.ts';

export interface Delivered {
  readonly encoded: EncodedEnvelope;
  /** The realm whose node signed the batch. */
  readonly origin: RealmName;
  readonly path: PathKind;
  readonly pathRef: Uint8Array;
}

export type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'rejected'; readonly code: string };

export interface IntakeComponents {
  readonly realm: RealmName;
  readonly clock: Pick<Clock, 'now'>;
  readonly stamps: HybridClock;
  readonly store: EventStore;
  readonly arrivals: ArrivalLog;
  readonly directory: Pick<Directory, 'findById' | 'mayHave' | 'meet'>;
  readonly rules?: Pick<MessageRules, 'incoming'>;
}

/** Makes the writes of one envelope in the turn in which they are committed. */
type Plan = () => { readonly drafts: readonly Draft[]; readonly writes: readonly Write[] };

interface Judged {
  readonly outcome: Outcome;
  readonly plan?: Plan;
}

const DUPLICATE: Judged = { outcome: { kind: 'duplicate' } };
const rejected = (code: string): Judged => ({ outcome: { kind: 'rejected', code } });
const accepted = (plan: Plan): Judged => ({ outcome: { kind: 'accepted' }, plan });

export class Intake {
  readonly #parts: IntakeComponents;

  constructor(parts: IntakeComponents) {
    this.#parts = parts;
  }

  /**
   * Resolves once all is on disk. `finish` sees what was decided and gives the writes that belong into the same batch. The
   * caller never runs this twice at once for one origin.
   */
  async ingest(items: readonly Delivered[], finish: (outcomes: readonly Outcome[]) => Write[]): Promise<Outcome[]> {
    const judged = dropRepeats(items, await Promise.all(items.map((item) => this.#judge(item))));
    const plans = judged.map((one) => one.plan?.() ?? { drafts: [], writes: [] });
    const outcomes = judged.map((one) => one.outcome);
    const writes = [...plans.flatMap((plan) => plan.writes), ...finish(outcomes)];
    await this.#parts.arrivals.append(
      plans.flatMap((plan) => plan.drafts),
      { writes },
    );
    return outcomes;
  }

  /** What throws while one envelope is judged is that envelope's trouble, unless the store itself fails. */
  async #judge(item: Delivered): Promise<Judged> {
    try {
      const why = this.#whyForeign(item);
      if (why) return rejected(why);
      const isReceipt = item.encoded.envelope.priority === 'receipt';
      return await (isReceipt ? this.#judgeReceipts(item) : this.#judgeMessage(item));
    } catch (error) {
      if (error instanceof LocalError) throw error;
      return rejected(codeOf(error));
    }
  }

  /** A realm speaks for its own users only. One of another house whom nobody here knows yet is taken at the origin's word. */
  #whyForeign({ encoded: { envelope }, origin }: Delivered): string | undefined {
    if (envelope.origin !== origin) return 'foreign-origin';
    return this.#isOf(envelope.sender, origin) ? undefined : 'foreign-sender';
  }

  #isOf(user: Parameters<Directory['findById']>[0], realm: RealmName): boolean {
    const { directory } = this.#parts;
    return directory.mayHave?.(realm, user) ?? (directory.findById(user)?.home ?? realm) === realm;
  }

  async #judgeMessage(item: Delivered): Promise<Judged> {
    const { encoded, path, pathRef } = item;
    const { id, sender, origin, conversation, recipients, expires, stamp } = encoded.envelope;
    const { directory, realm, store, clock, stamps } = this.#parts;
    if (!isDirect(conversation, sender, recipients)) return rejected('conversation-unknown');
    const audience = recipients.filter((user) => directory.findById(user)?.home === realm);
    if (audience.length === 0) return rejected('recipient-unknown');
    const met = await directory.meet?.(sender, origin);
    // Of one house and known as another realm's user: whoever moved is known by now, unless his former home still has him.
    if ((directory.findById(sender)?.home ?? origin) !== origin) return rejected('foreign-sender');
    const objection = this.#objection(item, met);
    if (objection) return rejected(objection);
    const before = await store.message(id, sender);
    if (before) return equals(before.bodyHash, encoded.bodyHash) ? DUPLICATE : rejected('id-conflict');
    if (expires > 0 && expires <= clock.now()) return DUPLICATE;
    return accepted(() => {
      const arrivedAt = clock.now();
      const record = { kind: 'message', arrivedAt, ...stamps.see(stamp), path, pathRef, encoded } as const;
      return { drafts: [{ record, audience }], writes: [] };
    });
  }

  /** The sender's own realm may have other rules than ours, or none. */
  #objection({ encoded: { envelope }, origin }: Delivered, met: Met): string | undefined {
    const { directory, rules, realm } = this.#parts;
    if (!rules) return undefined;
    const sender = directory.findById(envelope.sender) ?? met;
    const local = envelope.recipients
      .flatMap((id) => directory.findById(id) ?? [])
      .filter(({ home }) => home === realm);
    return local.map((to) => rules.incoming(sender, origin, to)).find((code) => code !== undefined);
  }

  async #judgeReceipts({ encoded, origin }: Delivered): Promise<Judged> {
    const entries = readReceipts(encoded);
    if (!entries) return rejected('frame-malformed');
    if (!entries.every(({ user }) => this.#isOf(user, origin))) return rejected('foreign-sender');
    const fresh = await Promise.all(entries.map((entry) => this.#fresh(entry)));
    return accepted(() => ({
      drafts: fresh.filter(({ ids }) => ids.length > 0).map(toDraft),
      writes: fresh.flatMap((entry) => entry.ids.map((id) => receiptWrite(id, entry.sender, toReceipt(entry)))),
    }));
  }

  /** Only what concerns a message of ours to that user and was not told before. */
  async #fresh(entry: ReceiptEntry): Promise<ReceiptEntry> {
    const { sender, user, conversation } = entry;
    const local = this.#parts.directory.findById(sender)?.home === this.#parts.realm;
    if (!local || conversation !== directConversationId(sender, user)) return { ...entry, ids: [] };
    const isNew = await Promise.all(entry.ids.map((id) => this.#isNew(entry, id)));
    return { ...entry, ids: entry.ids.filter((_, i) => isNew[i]) };
  }

  async #isNew({ sender, user, conversation, state }: ReceiptEntry, id: MessageId): Promise<boolean> {
    const message = await this.#parts.store.message(id, sender);
    if (message?.conversation !== conversation) return false;
    return !(await this.#parts.store.hasReceipt(id, sender, user, state));
  }
}

/** The same message twice in one batch: the first counts. */
function dropRepeats(items: readonly Delivered[], judged: readonly Judged[]): Judged[] {
  const seen = new Map<string, Uint8Array>();
  return judged.map((one, i) => {
    const item = items[i];
    if (!item || !one.plan || item.encoded.envelope.priority === 'receipt') return one;
    const { id, sender } = item.encoded.envelope;
    const hash = seen.get(`${sender}/${id}`);
    if (hash) return equals(hash, item.encoded.bodyHash) ? DUPLICATE : rejected('id-conflict');
    seen.set(`${sender}/${id}`, item.encoded.bodyHash);
    return one;
  });
}

function readReceipts({ envelope }: EncodedEnvelope): ReceiptEntry[] | undefined {
  try {
    return decodeReceipts(envelope.body);
  } catch (error) {
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}

function toReceipt({ user, state, at }: ReceiptEntry) {
  return { user, state, at };
}

function toDraft(entry: ReceiptEntry): Draft {
  const { conversation, ids, sender } = entry;
  return { record: { kind: 'state', conversation, receipt: toReceipt(entry), ids }, audience: [sender] };
}
