// Taking in what another realm's node delivered. Each envelope is judged on its own: accepted, known already, or rejected
// with a code; a bad one never stops the others. Everything accepted, and what the caller adds, is one durable batch.
import { equals } from 'uint8arrays/equals';
import type { EncodedEnvelope, EnvelopeKind } from '../../src/crypto/envelope.ts';
import { mayWrite } from '../../src/crypto/roster.ts';
import { decodeReceipts, type ReceiptEntry } from '../../src/protocols/deliver/receipts.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { codeOf, LocalError, PeerError } from '../../src/realm/errors.ts';
import { directConversationId, type MessageId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Directory, Met } from '../directory/directory.ts';
import { isDirect } from './acceptance.ts';
import type { ArrivalLog, Draft } from './arrival-log.ts';
import type { Blocks } from './blocks.ts';
import type { Delivered, Judge, JudgedElsewhere, Outcome } from './delivered.ts';
import { type EventStore } from './event-store.ts';
import { receiptWrite } from './event-writes.ts';
import { hearing, isAhead, membersAt } from './group-state.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { MessageRules } from './message-rules.ts';
import type { Rosters } from './rosters.ts';
import { Turns } from './turns.ts';

export interface IntakeComponents {
  readonly realm: RealmName;
  readonly clock: Pick<Clock, 'now'>;
  readonly stamps: HybridClock;
  readonly store: EventStore;
  readonly arrivals: ArrivalLog;
  readonly directory: Pick<Directory, 'findById' | 'mayHave' | 'meet'>;
  readonly rules?: Pick<MessageRules, 'incoming'>;
  /** Absent: there are no groups. */
  readonly rosters?: Pick<Rosters, 'find' | 'mayBeLate' | 'hold'>;
  /** Whom users want to hear nothing from. */
  readonly blocks?: Pick<Blocks, 'isBlocked'>;
  /** Who takes in what is no message; set before the node starts. */
  readonly judges: ReadonlyMap<EnvelopeKind, Judge>;
}

/** Makes the writes of one envelope in the turn in which they are committed. */
type Plan = () => { readonly drafts: readonly Draft[]; readonly writes: readonly Write[] };

interface Judged {
  readonly outcome: Outcome;
  readonly plan?: Plan;
  readonly erases?: readonly MessageId[];
  /** Runs once that is on disk. */
  readonly after?: () => void;
}

const DUPLICATE: Judged = { outcome: { kind: 'duplicate' } };
const rejected = (code: string): Judged => ({ outcome: { kind: 'rejected', code } });
const accepted = (plan: Plan): Judged => ({ outcome: { kind: 'accepted' }, plan });

export class Intake {
  readonly #parts: IntakeComponents;
  readonly #turns = new Turns();

  constructor(parts: IntakeComponents) {
    this.#parts = parts;
  }

  /**
   * Resolves once all is on disk. `finish` sees what was decided and gives the writes that belong into the same batch. What comes of
   * one origin goes one batch after the other.
   */
  ingest(items: readonly Delivered[], finish: (outcomes: readonly Outcome[]) => Write[]): Promise<Outcome[]> {
    return this.#turns.run(items[0]?.origin ?? '', () => this.#ingest(items, finish));
  }

  async #ingest(items: readonly Delivered[], finish: (outcomes: readonly Outcome[]) => Write[]): Promise<Outcome[]> {
    const judged = dropErased(items, dropRepeats(items, await Promise.all(items.map((item) => this.#judge(item)))));
    const plans = judged.map((one) => one.plan?.() ?? { drafts: [], writes: [] });
    const outcomes = judged.map((one) => one.outcome);
    const writes = [...plans.flatMap((plan) => plan.writes), ...finish(outcomes)];
    await this.#parts.arrivals.append(
      plans.flatMap((plan) => plan.drafts),
      { writes },
    );
    for (const one of judged) one.after?.();
    return outcomes;
  }

  /** What throws while one envelope is judged is that envelope's trouble, unless the store itself fails. */
  async #judge(item: Delivered): Promise<Judged> {
    try {
      const { envelope } = item.encoded;
      if (envelope.origin !== item.origin) return rejected('foreign-origin');
      const judge = this.#parts.judges.get(envelope.kind);
      if (judge) return withDrafts(await judge(item));
      if (!this.#isOf(envelope.sender, item.origin)) return rejected('foreign-sender');
      if (envelope.kind === 'receipt') return await this.#judgeReceipts(item);
      if (envelope.kind !== 'message') return rejected('unknown-kind');
      return await (envelope.recipients.length === 0 ? this.#judgeGroupMessage(item) : this.#judgeMessage(item));
    } catch (error) {
      if (error instanceof LocalError) throw error;
      return rejected(codeOf(error));
    }
  }

  /** A realm speaks for its own users only. One of another house whom nobody here knows yet is taken at the origin's word. */
  #isOf(user: Parameters<Directory['findById']>[0], realm: RealmName): boolean {
    const { directory } = this.#parts;
    return directory.mayHave?.(realm, user) ?? (directory.findById(user)?.home ?? realm) === realm;
  }

  /** For the members of a group: the sender is one of them, and of the realm that the roster says. */
  async #judgeGroupMessage(item: Delivered): Promise<Judged> {
    const { conversation, sender, stamp } = item.encoded.envelope;
    const { rosters, realm, directory } = this.#parts;
    if (!rosters) return rejected('conversation-unknown');
    const group = await rosters.find(conversation);
    const member = group?.members.get(sender);
    if (!group) return withDrafts(await rosters.hold(item));
    if (member && !directory.findById(sender) && member.home !== item.origin) return rejected('foreign-sender');
    const isHeard = member !== undefined || (await rosters.mayBeLate(conversation, sender, stamp.ms));
    if (!isHeard) return withDrafts(await rosters.hold(item));
    if (member && !mayWrite(group, member.role)) return rejected('may-not-write');
    if (!item.isOverdue && isAhead(item.encoded.envelope.body, group)) {
      const held = await rosters.hold(item);
      // Without room for it, those hear it whom the roster at hand has.
      if (held.outcome.kind === 'accepted') return withDrafts(held);
    }
    const audience = hearing(membersAt(group, realm), group, sender, this.#parts.blocks);
    return audience.length === 0 ? rejected('recipient-unknown') : this.#judgeNew(item, audience);
  }

  async #judgeMessage(item: Delivered): Promise<Judged> {
    const { sender, origin, conversation, recipients } = item.encoded.envelope;
    const { directory, realm } = this.#parts;
    if (!isDirect(conversation, sender, recipients)) return rejected('conversation-unknown');
    const audience = recipients.filter((user) => directory.findById(user)?.home === realm);
    if (audience.length === 0) return rejected('recipient-unknown');
    const met = await directory.meet?.(sender, origin);
    // Of one house and known as another realm's user: whoever moved is known by now, unless his former home still has him.
    if ((directory.findById(sender)?.home ?? origin) !== origin) return rejected('foreign-sender');
    const objection = this.#objection(item, met);
    if (objection) return rejected(objection);
    const hearing = audience.filter((user) => this.#parts.blocks?.isBlocked(user, sender) !== true);
    // Whoever is blocked is told nothing of it.
    return hearing.length === 0 ? { outcome: { kind: 'accepted' } } : this.#judgeNew(item, hearing);
  }

  async #judgeNew({ encoded, path, pathRef }: Delivered, audience: readonly UserId[]): Promise<Judged> {
    const { id, sender, expires, stamp } = encoded.envelope;
    const { store, clock, stamps } = this.#parts;
    const before = await store.message(id, sender);
    if (before) return equals(before.bodyHash, encoded.bodyHash) ? DUPLICATE : rejected('id-conflict');
    if (expires > 0 && expires <= clock.now()) return DUPLICATE;
    if (await store.isErased(id, sender)) return DUPLICATE;
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
    const { sender } = entry;
    const local = this.#parts.directory.findById(sender)?.home === this.#parts.realm;
    if (!local || !(await this.#isBetween(entry))) return { ...entry, ids: [] };
    const isNew = await Promise.all(entry.ids.map((id) => this.#isNew(entry, id)));
    return { ...entry, ids: entry.ids.filter((_, i) => isNew[i]) };
  }

  async #isBetween({ conversation, sender, user }: ReceiptEntry): Promise<boolean> {
    if (conversation === directConversationId(sender, user)) return true;
    return (await this.#parts.rosters?.find(conversation))?.members.has(user) === true;
  }

  async #isNew({ sender, user, conversation, state }: ReceiptEntry, id: MessageId): Promise<boolean> {
    const message = await this.#parts.store.message(id, sender);
    if (message?.conversation !== conversation) return false;
    return !(await this.#parts.store.hasReceipt(id, sender, user, state));
  }
}

/** A message that is taken back in the batch that brings it was judged before anybody knew that. */
function dropErased(items: readonly Delivered[], judged: readonly Judged[]): Judged[] {
  const erased = new Set(
    judged.flatMap(({ erases = [] }, i) => erases.map((id) => `${items[i]?.encoded.envelope.sender}/${id}`)),
  );
  return judged.map((one, i) => {
    const envelope = items[i]?.encoded.envelope;
    const isErased = envelope?.kind === 'message' && erased.has(`${envelope.sender}/${envelope.id}`);
    return isErased && one.plan ? DUPLICATE : one;
  });
}

/** The same message twice in one batch: the first counts. */
function dropRepeats(items: readonly Delivered[], judged: readonly Judged[]): Judged[] {
  const seen = new Map<string, Uint8Array>();
  return judged.map((one, i) => {
    const item = items[i];
    if (!item || !one.plan || item.encoded.envelope.kind !== 'message') return one;
    const { id, sender } = item.encoded.envelope;
    const hash = seen.get(`${sender}/${id}`);
    if (hash) return equals(hash, item.encoded.bodyHash) ? DUPLICATE : rejected('id-conflict');
    seen.set(`${sender}/${id}`, item.encoded.bodyHash);
    return one;
  });
}

function withDrafts({ outcome, plan, erases, after }: JudgedElsewhere): Judged {
  return {
    outcome,
    ...(plan && { plan: () => ({ drafts: [], ...plan() }) }),
    ...(erases && { erases }),
    ...(after && { after }),
  };
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
