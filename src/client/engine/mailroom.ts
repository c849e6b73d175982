// Mails of other devices, and messages that wait for the key of their epoch: who is asked for it, who is answered, and what becomes of
// the messages once it is here.
import { MAX_ROSTER } from '../../crypto/roster.ts';
import { MAX_UNREADABLE } from '../../protocols/lan/limits.ts';
import type { FrameMessage } from '../../protocols/lan/wire.ts';
import type { Clock, Timer } from '../../realm/clock.ts';
import { CanopyError, codeOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../../realm/ids.ts';
import type { Account } from '../account/account.ts';
import { randomId } from '../random-id.ts';
import type { OpenedEvent } from '../timeline/events.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { MailServer, ReceivedMail } from './device-server.ts';
import type { EpochBook, EpochKey, EpochName } from './epoch-book.ts';
import type { GroupKeeper } from './group-keeper.ts';
import { MAX_ASKED, makeKeyAnswer, makeKeyRequest, readKeyAnswer, readKeyRequest } from './key-requests.ts';
import { decodeMail, encodeMail } from './mail.ts';
import type { Looked } from './message-keys.ts';

/** Bytes of rosters in one answer: with it a mail stays below its limit. */
const MAX_ROSTERS: number = 2 * MAX_ROSTER;
/** Pages of mails at one go. */
const MAX_PAGES = 1_000;
/** What a welcome leads to is not to be had: the conversation is joined from outside when it is used. */
const NO_WAY_IN: readonly string[] = ['group-info-missing', 'group-behind'];
/** Mails of one sender that may wait for what belongs to them; the server shows so many at a time that others have room beside them. */
const MAX_STUCK = 20;
/** Milliseconds until mails that had to wait are looked at again: the first time, and at most. */
const LOOK_AGAIN = { first: 2_000, most: 300_000 };
/** Milliseconds after which what a mail waits for comes no more. */
const STUCK_LIFE = 7 * 24 * 3600_000;
/** Milliseconds before the same epoch is asked for again. */
const ASK_AGAIN = 60_000;

export interface MailroomComponents {
  readonly account: Pick<Account, 'user' | 'certificate' | 'keys'>;
  readonly server: MailServer;
  readonly keeper: Pick<GroupKeeper, 'welcomed' | 'wasLeaf'>;
  readonly epochs: EpochBook;
  readonly checks: DeviceChecks;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly isConnected: () => boolean;
  readonly look: (message: FrameMessage) => Promise<Looked>;
  readonly onOpened: (opened: readonly Reopened[]) => void;
  readonly onTrouble: (code: string, conversation: ConversationId | undefined) => void;
}

/** What could not be read when it came, and can now. */
export interface Reopened {
  readonly message: FrameMessage;
  readonly event: OpenedEvent;
}

interface Held {
  readonly message: FrameMessage;
  readonly name: EpochName;
  /** Its epoch's key is here; the device of this user that wrote it is not known yet. */
  readonly unknown?: UserId | undefined;
}

export class Mailroom {
  readonly #c: MailroomComponents;
  readonly #held = new Map<MessageId, Held>();
  /** When an epoch was asked for, by its name. */
  readonly #asked = new Map<string, number>();
  #collecting: Promise<void> = Promise.resolve();
  #again: Timer | undefined;
  #pause = LOOK_AGAIN.first;
  #isOver = false;

  constructor(components: MailroomComponents) {
    this.#c = components;
  }

  get waiting(): number {
    return this.#held.size;
  }

  /** Whether mails wait for what belongs to them. */
  get hasStuck(): boolean {
    return this.#again !== undefined;
  }

  /** In which something waits. */
  conversations(): readonly ConversationId[] {
    return [...this.#held.values()].map(({ message }) => message.conversation);
  }

  holds(id: MessageId): boolean {
    return this.#held.has(id);
  }

  /** Until its epoch's key is here, and its sender's device known. */
  hold(message: FrameMessage, { missing: name, unknown }: Looked): void {
    if (!name) {
      // What another part came for too early can be read now.
      if (this.#held.has(message.id)) void this.retry(message.conversation);
      return;
    }
    this.#held.set(message.id, { message, name, unknown });
    if (unknown && !this.#again) this.#lookAgain(true);
    const [oldest] = this.#held.keys();
    // what is beyond is opened when it is read from the server again
    if (this.#held.size > MAX_UNREADABLE && oldest) this.#held.delete(oldest);
    // Its key came while it was looked at: nothing else may tell of it again.
    if (!unknown && this.#c.epochs.get(name)) void this.retry(message.conversation);
  }

  /** Takes what waits at the server. What can't be followed yet stays there and is looked at again; what never can is acknowledged and told. */
  collect(): Promise<void> {
    const before = this.#collecting;
    const work = async () => {
      await before.catch(() => {});
      if (this.#isOver) return;
      try {
        const stuck = await this.#collect();
        await this.#askDevices();
        this.#lookAgain(stuck.size > 0 || this.#ofUnknown().length > 0);
      } catch (error) {
        this.#lookAgain(true);
        throw error;
      }
    };
    this.#collecting = work();
    return this.#collecting;
  }

  /** The server is there again: what it could not be asked for meanwhile is asked for soon, however long that lasted. */
  connected(): void {
    this.#pause = LOOK_AGAIN.first;
  }

  /** Until the next connection. */
  disconnected(): void {
    this.#lookAgain(false);
  }

  close(): void {
    this.#isOver = true;
    this.#again?.cancel();
  }

  async #collect(): Promise<ReadonlySet<MessageId>> {
    const stuck = new Set<MessageId>();
    const ofSender = new Map<UserId, number>();
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const fresh = (await this.#c.server.received()).filter(({ id }) => !stuck.has(id));
      if (fresh.length === 0) break;
      const taken: ReceivedMail[] = [];
      for (const mail of fresh) {
        const waiting = ofSender.get(mail.sender) ?? 0;
        const mayWait = waiting < MAX_STUCK && mail.at + STUCK_LIFE > this.#c.clock.now();
        // One that has to wait does not keep those behind it waiting: anybody may have sent it.
        if ((await this.#take(mail)) || !mayWait) taken.push(mail);
        else {
          stuck.add(mail.id);
          ofSender.set(mail.sender, waiting + 1);
        }
      }
      if (taken.length > 0) await this.#c.server.acknowledge(taken);
    }
    return stuck;
  }

  #ofUnknown(): Held[] {
    return [...this.#held.values()].filter(({ unknown }) => unknown);
  }

  /** Asks their homes again for the devices of those who wrote by one that is not known. */
  async #askDevices(): Promise<void> {
    const held = this.#ofUnknown();
    for (const { unknown } of held) if (unknown) this.#c.checks.forget(unknown);
    for (const conversation of new Set(held.map(({ message }) => message.conversation))) await this.retry(conversation);
  }

  /**
   * A welcome may come before its commit, and a message before its sender's device, by other ways: nothing else may tell that what was
   * missing has come.
   */
  #lookAgain(isStuck: boolean): void {
    this.#again?.cancel();
    this.#again = undefined;
    // Every connection begins with it.
    if (this.#isOver || !this.#c.isConnected()) return;
    if (!isStuck) this.#pause = LOOK_AGAIN.first;
    else {
      this.#again = this.#c.clock.after(this.#pause, () => void this.collect().catch(() => {}));
      this.#pause = Math.min(2 * this.#pause, LOOK_AGAIN.most);
    }
  }

  /** Asks the own devices for the keys of what is held. */
  async askAgain(): Promise<void> {
    const { account, checks, server, clock } = this.#c;
    const wanted = new Map<string, { name: EpochName; epochs: Set<number> }>();
    for (const { name, unknown } of this.#held.values()) {
      if (unknown) continue;
      const key = `${name.conversation}/${name.group}`;
      if ((this.#asked.get(`${key}/${name.epoch}`) ?? Number.NEGATIVE_INFINITY) > clock.now() - ASK_AGAIN) continue;
      const group = wanted.get(key) ?? { name, epochs: new Set() };
      wanted.set(key, group);
      if (group.epochs.size < MAX_ASKED) group.epochs.add(name.epoch);
    }
    if (wanted.size === 0) return;
    const others = (await checks.devicesOf(account.user)).filter(({ device }) => device !== account.certificate.device);
    for (const [key, { name, epochs }] of wanted) {
      const payload = makeKeyRequest(account, name.conversation, name.group, [...epochs]);
      const body = encodeMail({ kind: 'key-request', conversation: name.conversation, payload });
      if (others.length > 0)
        await server.send(
          randomId(),
          others.map(({ user, device }) => ({ user, device, body })),
        );
      for (const epoch of epochs) this.#asked.set(`${key}/${epoch}`, clock.now());
    }
  }

  /** Keys may have come: looks at what is held of a conversation again. */
  async retry(conversation: ConversationId): Promise<void> {
    const opened: Reopened[] = [];
    const held = [...this.#held].filter(([, { message }]) => message.conversation === conversation);
    for (const [id, { message }] of held) {
      const looked = await this.#c.look(message);
      // Somebody else may have looked at the same time, and opened it.
      if (!this.#held.has(id)) continue;
      if (looked.missing) this.#held.set(id, { message, name: looked.missing, unknown: looked.unknown });
      else {
        this.#held.delete(id);
        opened.push({ message, event: looked.event });
      }
    }
    if (opened.length > 0) this.#c.onOpened(opened);
    if (!this.#again && this.#ofUnknown().length > 0) this.#lookAgain(true);
  }

  /** False for one that is to be looked at again. */
  async #take(mail: ReceivedMail): Promise<boolean> {
    try {
      const { kind, conversation, payload } = decodeMail(mail.body);
      if (kind === 'key-request') await this.#answer(conversation, payload);
      else if (kind === 'key-answer') await this.#learn(conversation, payload);
      else {
        await this.#c.keeper.welcomed(conversation, payload, mail.sender);
        await this.retry(conversation);
      }
      return true;
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      if (codeOf(error) !== 'welcome-early') this.#c.onTrouble(codeOf(error), undefined);
      return !(error instanceof UnreachableError) || NO_WAY_IN.includes(codeOf(error));
    }
  }

  /** To nobody but the own devices, and devices that were leaves of that very epoch. */
  async #answer(conversation: ConversationId, payload: Uint8Array): Promise<void> {
    const { account, checks, epochs, keeper, server, clock } = this.#c;
    const { group, epochs: asked, from } = readKeyRequest(payload, conversation);
    if ((await checks.device(from, clock.now())) !== 'good') {
      throw new RefusedError('key-request-refused', `${from.device} is not a device that counts`);
    }
    const keys: [number, EpochKey][] = [];
    for (const epoch of asked) {
      const name = { conversation, group, epoch };
      const isFitting = from.user === account.user || (await keeper.wasLeaf(name, from)) === true;
      const key = isFitting ? epochs.get(name) : undefined;
      if (key) keys.push([epoch, key]);
    }
    // In as many mails as it takes: each key comes with its roster.
    for (const some of inMails(keys)) {
      const answer = await makeKeyAnswer(account, conversation, from, { group, keys: some });
      const body = encodeMail({ kind: 'key-answer', conversation, payload: answer });
      await server.send(randomId(), [{ user: from.user, device: from.device, body }]);
    }
  }

  /** Of an own device alone: nobody else's word counts for who was in a group. */
  async #learn(conversation: ConversationId, payload: Uint8Array): Promise<void> {
    const { account, checks, epochs, clock } = this.#c;
    const { group, keys, from } = await readKeyAnswer(account, payload, conversation);
    if (from.user !== account.user || (await checks.device(from, clock.now())) !== 'good') {
      throw new RefusedError('key-answer-refused', `${from.device} was not asked`);
    }
    for (const [epoch, key] of keys) {
      if (this.#asked.has(`${conversation}/${group}/${epoch}`)) await epochs.put({ conversation, group, epoch }, key);
    }
    await this.retry(conversation);
  }
}

function* inMails(keys: readonly [number, EpochKey][]): Generator<[number, EpochKey][]> {
  let some: [number, EpochKey][] = [];
  let size = 0;
  for (const row of keys) {
    const length = row[1].roster.length;
    if (some.length > 0 && size + length > MAX_ROSTERS) {
      yield some;
      some = [];
      size = 0;
    }
    some.push(row);
    size += length;
  }
  if (some.length > 0) yield some;
}
