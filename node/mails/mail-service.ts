// Mails between devices: what a client hands in goes into the mailbox of each device, here or at its user's home, and stays there until
// the device acknowledges it. Nobody here can read them. Quotas are for each sender and for each device, so that who floods fills
// no mailbox but its own share of it.
import { sha256 } from '@noble/hashes/sha2.js';
import { type EncodedEnvelope, encodeEnvelope } from '../../src/crypto/envelope.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { decodeMails, encodeMails, inBodies, MAX_MAIL, type MailFor } from '../../src/protocols/order/mail-body.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { InputError, messageOf, RefusedError } from '../../src/realm/errors.ts';
import {
  type ConversationId,
  type DeviceId,
  idText,
  type MessageId,
  parseConversationId,
  parseMessageId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { ArrivalLog } from '../conversations/arrival-log.ts';
import type { Delivered, JudgedElsewhere } from '../conversations/delivered.ts';
import type { HybridClock } from '../conversations/hybrid-clock.ts';
import type { MessageRules } from '../conversations/message-rules.ts';
import { Turns } from '../conversations/turns.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Directory, UserProfile } from '../directory/directory.ts';
import type { WritePermit } from '../incarnation/write-permit.ts';
import { type Mail, type Mailbox, MailStore, mailRemovals, mailWrites } from './mail-store.ts';
import { Mailboxes } from './mailboxes.ts';

export interface MailServiceInit {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly arrivals: Pick<ArrivalLog, 'append'>;
  readonly stamps: HybridClock;
  readonly outbox: Pick<Outbox, 'add' | 'assertRoom'>;
  readonly directory: Pick<Directory, 'findById' | 'meet'>;
  readonly rules?: MessageRules;
  /** Whether mail of one is kept from the other. */
  readonly isBlocked?: (receiver: UserId, sender: UserId) => boolean;
  /** Whether an own user's identity has certified the device. Absent in tests: every device counts. */
  readonly isDevice?: (user: UserId, device: DeviceId) => boolean;
  /** Absent: this node may always number things. */
  readonly permit?: Pick<WritePermit, 'assert'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OutgoingMail {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly body: Uint8Array;
}

export interface RefusedMail extends Mailbox {
  readonly code: string;
}

/** Milliseconds: a device that has not come by then joins anew. */
export const MAIL_LIFE = 30 * 24 * 3600_000;
/** Requests of one sender, and of all. */
const SENDING = { perSecond: 10, burst: 600 };
const SENDING_IN_ALL = { perSecond: 500, burst: 10_000 };
const SWEEP_INTERVAL = 600_000;
const SWEEP_STEP = 500;
/** What one answer to a client holds. */
const PAGE = { count: 200, bytes: 1024 * 1024 };
/** Mails are of no conversation. */
const NO_CONVERSATION: ConversationId = parseConversationId('00000000-0000-0000-0000-000000000000');

type Listener = (to: Mailbox) => void;

export class MailService {
  readonly #init: MailServiceInit;
  readonly #store: MailStore;
  readonly #boxes: Mailboxes;
  readonly #turns = new Turns();
  readonly #rate: RateLimiter;
  readonly #listeners = new Set<Listener>();
  readonly #counters = { sent: 0, received: 0, refused: 0, expired: 0 };
  #sweep: Timer | undefined;

  constructor(init: MailServiceInit) {
    this.#init = init;
    this.#store = new MailStore(init.database);
    this.#boxes = new Mailboxes(this.#store);
    this.#rate = new RateLimiter(init.clock, SENDING, SENDING_IN_ALL);
  }

  async start(): Promise<void> {
    this.#sweepLater();
  }

  async stop(): Promise<void> {
    this.#sweep?.cancel();
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  /** Calls back when something came for a device, once it is on disk. Returns the unsubscriber. */
  onMail(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves once all is on disk. `id` names the request: the same again puts nothing there twice.
   * @throws InputError `mail-too-long`, `user-unknown`; RefusedError `mail-rate`, `user-disabled`, `destination-forbidden`, `trust-scope`, `outbox-full`
   */
  async send(from: Mailbox, id: string, mails: readonly OutgoingMail[]): Promise<RefusedMail[]> {
    this.#init.permit?.assert();
    if (!this.#rate.take(from.user)) throw new RefusedError('mail-rate', `${from.user} sends mails too fast`);
    const named = mails.map((mail, i): MailFor => ({ ...mail, id: mailId(from, id, i) }));
    const homes = this.#homesOf(from.user, mails);
    const byHome = Map.groupBy(named, ({ user }) => homes.get(user) ?? this.#init.realm);
    const local = byHome.get(this.#init.realm) ?? [];
    byHome.delete(this.#init.realm);
    return this.#turns.run('store', async () => {
      const stored = await this.#plan(from, local);
      const { arrivals, outbox, clock } = this.#init;
      const added = [...byHome].flatMap(([home, all]) =>
        inBodies(all).map((part) => outbox.add(home, this.#envelope(from, part), clock.now())),
      );
      try {
        await arrivals.append([], { writes: stored.writes, added });
      } catch (error) {
        // What did not come to disk is not known: the same again is stored.
        for (const to of stored.fresh) this.#boxes.forget(to);
        throw error;
      }
      this.#counters.sent += mails.length - stored.refused.length;
      this.#announce(stored.fresh);
      return stored.refused;
    });
  }

  #homesOf(sender: UserId, mails: readonly OutgoingMail[]): Map<UserId, RealmName> {
    const { directory, rules, realm, outbox } = this.#init;
    const from = directory.findById(sender);
    if (from?.status !== 'active') throw new RefusedError('user-disabled', `${sender} may not write`);
    const homes = new Map<UserId, RealmName>();
    for (const { user, body } of mails) {
      if (body.length > MAX_MAIL) throw new InputError('mail-too-long', `A mail has at most ${MAX_MAIL} bytes`);
      if (!homes.has(user)) homes.set(user, this.#homeOf(from, user, rules));
    }
    for (const home of new Set(homes.values())) if (home !== realm) outbox.assertRoom(home);
    return homes;
  }

  #homeOf(from: UserProfile, to: UserId, rules: MessageRules | undefined): RealmName {
    const user = this.#init.directory.findById(to);
    if (!user) throw new InputError('user-unknown', `Nobody known here has the id ${to}`);
    const objection = rules?.outgoing(from, user);
    if (objection) throw new RefusedError(objection, `${from.home} may not write to ${user.home}`);
    return user.home;
  }

  #envelope({ user, device }: Mailbox, mails: readonly MailFor[]): EncodedEnvelope {
    const { realm: origin, incarnation, stamps, clock } = this.#init;
    const [first] = mails;
    const id = first ? first.id : parseMessageId(NO_CONVERSATION);
    const addresses = { version: 1, id, conversation: NO_CONVERSATION, sender: user, device } as const;
    const terms = { priority: 'text', durable: true, kind: 'mail', blobs: [], recipients: [] } as const;
    const expires = clock.now() + MAIL_LIFE;
    const envelope = { ...addresses, ...terms, origin, incarnation, stamp: stamps.tick(), expires };
    return encodeEnvelope({ ...envelope, body: encodeMails(mails) });
  }

  /** For delivery: mails that another realm hands over. What has no room is dropped, and its sender asks again when nothing comes of it. */
  async judge({ encoded, origin }: Delivered): Promise<JudgedElsewhere> {
    const { sender, device, body, expires } = encoded.envelope;
    const { directory, rules, realm, clock } = this.#init;
    if ((directory.findById(sender)?.home ?? origin) !== origin) return rejected('foreign-sender');
    if (expires > 0 && expires <= clock.now()) return { outcome: { kind: 'duplicate' } };
    const mails = decodeMails(body);
    const met = await directory.meet?.(sender, origin);
    const known = directory.findById(sender) ?? met;
    const here = mails.filter(({ user }) => {
      const to = directory.findById(user);
      return to?.home === realm && (!rules || rules.incoming(known, origin, to) === undefined);
    });
    if (here.length === 0) return rejected('recipient-unknown');
    const isPartly = mails.some(({ user }) => (directory.findById(user)?.home ?? realm) !== realm);
    let fresh: readonly Mailbox[] = [];
    const stored = await this.#turns.run('store', () => this.#plan({ user: sender, device }, here));
    fresh = stored.fresh;
    return {
      outcome: { kind: 'accepted', isPartly },
      plan: () => ({ writes: stored.writes }),
      after: () => this.#announce(fresh),
    };
  }

  /** What is new and has room; room is taken at once. */
  async #plan(from: Mailbox, mails: readonly MailFor[]) {
    const { clock, isBlocked, isDevice } = this.#init;
    const writes: Write[] = [];
    const fresh: Mailbox[] = [];
    const refused: RefusedMail[] = [];
    for (const { id, user, device, body } of mails) {
      // Whoever is blocked is not told.
      if (isBlocked?.(user, from.user)) continue;
      const to = { user, device };
      const taken = { sender: from.user, id, bytes: body.length, now: clock.now() };
      // Made-up devices would take the mailboxes of those that come.
      const place = isDevice?.(user, device) === false ? 'device-unknown' : await this.#boxes.place(to, taken);
      if (place === 'known') continue;
      if (typeof place === 'string') {
        this.#counters.refused++;
        refused.push({ ...to, code: place });
        continue;
      }
      const mail: Mail = { id, sender: from.user, from: from.device, ...place, expires: clock.now() + MAIL_LIFE, body };
      writes.push(...mailWrites(to, mail));
      fresh.push(to);
    }
    this.#counters.received += fresh.length;
    return { writes, fresh, refused };
  }

  #announce(boxes: readonly Mailbox[]): void {
    const once = new Map(boxes.map((to) => [`${to.user}/${to.device}`, to]));
    for (const to of once.values()) for (const listener of this.#listeners) listener(to);
  }

  async has(of: Mailbox): Promise<boolean> {
    return (await this.#store.entries(of, 1)).length > 0;
  }

  /** The oldest first, as many as fit one answer. */
  list(of: Mailbox): Promise<Mail[]> {
    return this.#store.list(of, PAGE);
  }

  /** The device holds these. What is not there is passed over. */
  async acknowledge(of: Mailbox, mails: readonly { readonly id: MessageId; readonly at: number }[]): Promise<void> {
    const found = await Promise.all(mails.map(({ at, id }) => this.#store.get(of, at, id)));
    const there = found.filter((mail) => mail !== undefined);
    await this.#init.database.commit(there.flatMap((mail) => mailRemovals(of, mail)));
    this.#boxes.forget(of);
  }

  /** A device is gone, or its user: nothing is kept for it. */
  async clear(of: Mailbox): Promise<void> {
    for (let page = await this.list(of); page.length > 0; page = await this.list(of)) await this.acknowledge(of, page);
  }

  #sweepLater(): void {
    this.#sweep = this.#init.clock.after(SWEEP_INTERVAL, () => {
      this.sweep().catch((error: unknown) => this.#init.log.error({ error: messageOf(error) }, 'mails were not swept'));
      this.#sweepLater();
    });
  }

  /** Removes what has expired. */
  async sweep(): Promise<void> {
    for (;;) {
      const expired = await this.#store.expired(this.#init.clock.now(), SWEEP_STEP);
      await this.#init.database.commit(expired.flatMap(({ writes }) => writes));
      for (const { to } of expired) this.#boxes.forget(to);
      this.#counters.expired += expired.length;
      if (expired.length < SWEEP_STEP) return;
    }
  }
}

function mailId(from: Mailbox, request: string, index: number): MessageId {
  const named = `canopy/mail-id/v1|${from.user}|${from.device}|${request}|${index}`;
  const digest = sha256(new TextEncoder().encode(named)).slice(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return parseMessageId(idText(digest));
}

const rejected = (code: string): JudgedElsewhere => ({ outcome: { kind: 'rejected', code } });
