// What a realm sets aside because its user has moved away goes into the queue of where the user is at home now. The entry stays what it was:
// same id, same bytes. Where the directory has not heard of the move yet the entry waits here, for a while, and not in its queue: the old
// home has said its word on it.
//
//   ('redirect', destination, incarnation, n)  -> [waits since, as an entry of the outbox (outbox-entry.ts), whether some are there]
//
// A realm that has ever said a word on a message is not sent it again, so that nothing goes round.
import { decodeEnvelope, type EncodedEnvelope } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { decodeMails } from '../../src/protocols/order/mail-body.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import type { Rosters } from '../conversations/rosters.ts';
import type { Directory } from '../directory/directory.ts';
import type { HandoverStore } from './handover-store.ts';
import type { Outbox } from './outbox.ts';
import { encodeEntry, MAX_ENTRY, type OutboxEntry, readEntry } from './outbox-entry.ts';

export interface RedirectingComponents {
  readonly realm: RealmName;
  readonly database: Pick<Database, 'commit' | 'iterate'>;
  readonly outbox: Pick<Outbox, 'add'>;
  readonly directory: Pick<Directory, 'findById'> & Partial<Pick<Directory, 'onChange'>>;
  /** Absent: there are no groups. */
  readonly rosters?: Pick<Rosters, 'find'>;
  readonly handovers: Pick<HandoverStore, 'handover'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly onFailed: (entry: OutboxEntry, destination: RealmName, code: string) => Promise<void>;
  readonly log: Log;
}

/** What a destination says of somebody who is not of it. */
export const GONE = 'recipient-unknown';
/** What it says of an envelope that it took in for some, and that is for others, too, who live elsewhere now. */
export const PARTLY = 'recipients-moved';
/** Milliseconds for which news of a move is waited for. */
export const WAIT_FOR_NEWS: number = 24 * 3600_000;
/** Entries that wait; beyond that they fail at once. */
const MAX_WAITING = 10_000;
/** Milliseconds from a change of the directory to the look at what waits. */
const PAUSE = 200;
const SWEEP_INTERVAL = 600_000;

/** What becomes of an entry that was set aside. */
export interface Redirect {
  readonly writes: readonly Write[];
  /** Once they are on disk. */
  committed(): void;
}

export class Redirecting {
  readonly #c: RedirectingComponents;
  #waiting = 0;
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(components: RedirectingComponents) {
    this.#c = components;
  }

  async start(): Promise<void> {
    for await (const _ of this.#c.database.iterate(under('redirect'))) this.#waiting++;
    this.#unsubscribe = this.#c.directory.onChange?.(() => this.#waiting > 0 && this.#lookAfter(PAUSE));
    this.#lookAfter(PAUSE);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#unsubscribe?.();
    this.#timer?.cancel();
    await this.#looking;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Undefined: nobody knows of another home; it has failed. The caller commits what comes back in the turn in which it is made. */
  async of(entry: OutboxEntry, destination: RealmName, isPartly = false): Promise<(() => Redirect) | undefined> {
    const encoded = decodeEnvelope(entry.bytes);
    // Only mails say for whom they are; of a group others may be on their way to all realms already.
    if (isPartly && encoded.envelope.kind !== 'mail') return undefined;
    const homes = await this.#homesOf(encoded, destination);
    if (homes.to.length > 0) return () => this.#moved(encoded, entry, homes.to);
    // Whoever is known to live elsewhere has it from there: what the destination says is no news.
    if (!homes.mayMove || (isPartly && homes.hasLeft) || this.#waiting >= MAX_WAITING) return undefined;
    return () => {
      const value = encodeItem([this.#c.clock.now(), encodeEntry(entry), isPartly]);
      const writes: Write[] = [{ type: 'put', key: keyOf(destination, entry), value }];
      return { writes, committed: () => void this.#waiting++ };
    };
  }

  #moved(encoded: EncodedEnvelope, { queuedAt }: OutboxEntry, to: readonly RealmName[]): Redirect {
    const added = to.map((home) => this.#c.outbox.add(home, encoded, queuedAt));
    const committed = () => added.forEach((one) => one.committed());
    return { writes: added.flatMap(({ writes }) => writes), committed };
  }

  /** `mayMove`: the directory still says that somebody is at home where nobody is. */
  async #homesOf({ envelope }: EncodedEnvelope, destination: RealmName) {
    const { directory, realm, rosters, handovers } = this.#c;
    const { kind, recipients, conversation, body, id, sender } = envelope;
    let users: readonly UserId[] = [];
    if (kind === 'mail') users = decodeMails(body).map(({ user }) => user);
    else if (kind === 'message' && recipients.length > 0) users = recipients;
    else if (kind === 'message') users = [...((await rosters?.find(conversation))?.members.keys() ?? [])];
    const known = users.flatMap((user) => directory.findById(user) ?? []).filter(({ status }) => status === 'active');
    const to: RealmName[] = [];
    for (const home of new Set(known.map((user) => user.home))) {
      if (home === realm || home === destination) continue;
      if (!(await handovers.handover(id, sender, home))) to.push(home);
    }
    const mayMove = known.some(({ home }) => home === destination);
    return { to, mayMove, hasLeft: known.some(({ home }) => home !== destination) };
  }

  #lookAfter(pause: number): void {
    if (this.#isOver) return;
    this.#timer?.cancel();
    this.#timer = this.#c.clock.after(pause, () => {
      this.#looking = this.#look().catch((error: unknown) => {
        this.#c.log.error({ error: messageOf(error) }, 'messages of users who moved were not looked at');
      });
      void this.#looking.then(() => this.#lookAfter(SWEEP_INTERVAL));
    });
  }

  async #look(): Promise<void> {
    const { database, clock, onFailed } = this.#c;
    const before = clock.now() - WAIT_FOR_NEWS;
    for await (const [at, value] of database.iterate(under('redirect'))) {
      if (this.#isOver) return;
      const { destination, since, entry, isPartly } = readWaiting(at, value);
      const encoded = decodeEnvelope(entry.bytes);
      const { to, mayMove } = await this.#homesOf(encoded, destination);
      if (to.length === 0 && mayMove && since >= before) continue;
      const moved = this.#moved(encoded, entry, to);
      await database.commit([{ type: 'del', key: at }, ...moved.writes]);
      moved.committed();
      this.#waiting--;
      if (to.length === 0 && !isPartly) await onFailed(entry, destination, GONE);
    }
  }
}

function keyOf(destination: RealmName, { incarnation, n }: OutboxEntry): Uint8Array {
  return key('redirect', destination, incarnation, n);
}

function readWaiting(at: Uint8Array, value: Uint8Array) {
  const [destination, incarnation, n] = parseKey(at).slice(1);
  const fields = new Fields(decodeStrict(value, MAX_ENTRY + 64), 'entry that waits', 3);
  const since = fields.uint();
  const place = { incarnation: Number(incarnation), n: Number(n) };
  const entry = readEntry(place, fields.bytes(MAX_ENTRY));
  return { destination: parseRealmName(String(destination)), since, entry, isPartly: fields.flag() };
}
